# area: IO::Socket
# trap: Timeout bounds connect and accept, with ETIMEDOUT, and not the reads behind them
use IO::Socket::INET; my $s=IO::Socket::INET->new(Listen=>5,LocalAddr=>'127.0.0.1',Timeout=>1) or die; my $k=$s->accept; print defined $k?1:0," ETIMEDOUT=",($!{ETIMEDOUT}?1:0)," [$@]\n"; my $c=IO::Socket::INET->new(PeerAddr=>'127.0.0.1',PeerPort=>$s->sockport,Timeout=>1) or die; print "connected, timeout ",$c->timeout,"\n";
