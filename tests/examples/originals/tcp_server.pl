# CLIENT in place of Client, as it must be; and the port that was chosen is told.
use strict; use Socket;
sub logmsg { print "$0 $$: @_ at ", scalar localtime, "\n" }
$| = 1;
my $proto = getprotobyname('tcp');
socket(Server, PF_INET, SOCK_STREAM, $proto) || die "socket: $!";
setsockopt(Server, SOL_SOCKET, SO_REUSEADDR, pack("l", 1)) || die "setsockopt: $!";
bind(Server, sockaddr_in(shift // 2345, INADDR_ANY)) || die "bind: $!";
listen(Server, SOMAXCONN) || die "listen: $!";
logmsg "server started on port:" . (sockaddr_in(getsockname Server))[0];
my $paddr;
for (; $paddr = accept(Client, Server); close Client) {
    my ($port, $iaddr) = sockaddr_in($paddr);
    my $name = gethostbyaddr($iaddr, AF_INET);
    logmsg "connection from $name [", inet_ntoa($iaddr), "] at port $port";
    print Client "Hello there, $name, it's now ", scalar localtime, "\n";
}
