# area: sockets
# trap: sockaddr_in is 16 bytes, family first and the port in network order; a port above 65535 wraps
use Socket; my $s=pack_sockaddr_in(80,inet_aton('1.2.3.4')); print length $s," ",unpack('H*',$s),"\n"; my($port,$ip)=unpack_sockaddr_in($s); print "$port ",inet_ntoa($ip),"\n"; print join(' ',map{inet_ntoa($_)}INADDR_ANY,INADDR_LOOPBACK,INADDR_BROADCAST),"\n"; ($port)=unpack_sockaddr_in(pack_sockaddr_in(65536+80,INADDR_ANY)); print "$port\n";
