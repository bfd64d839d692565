# area: unix sockets
# trap: MSG_PEEK leaves the message, MSG_DONTWAIT is EAGAIN where there is none; each recv is one message
use Socket; socketpair my $a,my $b,AF_UNIX,SOCK_DGRAM,PF_UNSPEC; send $b,$_,0 for 'one','two'; recv $a,my $x,99,MSG_PEEK; print "peek $x\n"; recv $a,$x,99,0; print "recv $x\n"; recv $a,$x,99,MSG_DONTWAIT; print "recv $x\n"; my $r=recv $a,$x,99,MSG_DONTWAIT; print defined $r?"more":"none"," EAGAIN=",($!{EAGAIN}?1:0),"\n";
