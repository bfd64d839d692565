# area: IO::Socket
# trap: IO::Socket::IP does both families: "::1" and "127.0.0.1" by the same words; the family is the socket's
use IO::Socket::IP; use Socket; for my $h ('127.0.0.1','::1'){my $s=IO::Socket::IP->new(LocalHost=>$h,LocalPort=>0,Listen=>1,Type=>SOCK_STREAM) or do{print "$h: no\n"; next}; my $c=IO::Socket::IP->new(PeerHost=>$h,PeerPort=>$s->sockport,Type=>SOCK_STREAM) or die "$@"; my $k=$s->accept; print "$h: ",$s->sockdomain==AF_INET6?"v6":"v4"," peer ",$c->peerhost," same port ",$c->peerport==$s->sockport?1:0,"\n"; print $c "hello\n"; print $k->getline}
