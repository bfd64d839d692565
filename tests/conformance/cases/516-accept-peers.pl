# area: tcp
# trap: accept gives each client's address, in the order in which they came; accept into an open handle closes that first
use Socket; socket my $s,PF_INET,SOCK_STREAM,0; bind $s,sockaddr_in(0,INADDR_LOOPBACK); listen $s,5; my @c; for(0..1){socket $c[$_],PF_INET,SOCK_STREAM,0; connect $c[$_],getsockname $s; select undef,undef,undef,0.05} my $k; for(0..1){my $peer=accept $k,$s; print "client $_: ",$peer eq getsockname($c[$_])?1:0," same at the socket: ",getpeername($k) eq $peer?1:0,"\n"} my $n=sysread $c[0],my $b,9; print "the first sees the end: ",defined $n?$n:'undef',"\n";
