# area: IO::Socket
# trap: IO::Socket::INET gives undef, the text in $@ and the number in $!, for a host, a service and a connection that are none
use IO::Socket::INET; my $l=IO::Socket::INET->new(Listen=>1,LocalAddr=>'127.0.0.1') or die; my $port=$l->sockport; close $l; for my $a (["127.0.0.1:$port"],[PeerAddr=>'no.such.host.invalid',PeerPort=>80],[PeerAddr=>'127.0.0.1',PeerPort=>'nosuchsvc'],[PeerAddr=>'127.0.0.1',PeerPort=>80,Proto=>'nosuchproto']){my $s=IO::Socket::INET->new(@$a); (my $m=$@)=~s/\d+/N/g; print defined $s?1:0," $m\n"}
