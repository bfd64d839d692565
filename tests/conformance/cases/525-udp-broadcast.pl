# area: udp
# trap: a broadcast is EACCES until SO_BROADCAST is set
use Socket; socket my $a,PF_INET,SOCK_DGRAM,0; bind $a,sockaddr_in(0,INADDR_ANY); my($port)=sockaddr_in(getsockname $a); my $to=sockaddr_in($port,inet_aton('127.255.255.255')); my $n=send $a,"x",0,$to; print defined $n?$n:'undef'," EACCES=",($!{EACCES}?1:0),"\n"; print "was ",unpack('i',getsockopt $a,SOL_SOCKET,SO_BROADCAST),"\n"; setsockopt $a,SOL_SOCKET,SO_BROADCAST,1; $n=send $a,"x",0,$to; print defined $n?$n:"undef $!","\n"; recv $a,my $b,9,0; print "heard $b\n";
