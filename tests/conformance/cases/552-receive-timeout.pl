# area: sockets
# trap: SO_RCVTIMEO: a read whose time is over fails with EAGAIN, and a later one goes on
use Socket; socketpair my $a,my $b,AF_UNIX,SOCK_STREAM,PF_UNSPEC; setsockopt $a,SOL_SOCKET,SO_RCVTIMEO,pack 'l!l!',0,200000; my $n=sysread $a,my $x,9; print defined $n?$n:'undef'," EAGAIN=",($!{EAGAIN}?1:0),"\n"; syswrite $b,"late"; $n=sysread $a,$x,9; print "n=$n x=$x\n";
