# A host may be host:port. The answers come from addresses, which are printed as such.
use strict; use Socket;
my $SECS_of_70_YEARS = 2208988800;
socket(SOCKET, PF_INET, SOCK_DGRAM, getprotobyname('udp')) || die "socket: $!";
bind(SOCKET, sockaddr_in(0, INADDR_ANY)) || die "bind: $!";
$| = 1;
printf "%-24s %8s %s\n", "localhost", 0, scalar localtime time;
my $count = 0;
for my $host (@ARGV) {
    $count++;
    my ($name, $port) = split /:/, $host;
    my $hispaddr = sockaddr_in($port // getservbyname('time', 'udp'), inet_aton($name) || die "unknown host");
    defined(send(SOCKET, 0, 0, $hispaddr)) || die "send $host: $!";
}
my ($rin, $rout) = ('');
vec($rin, fileno(SOCKET), 1) = 1;
while ($count && select($rout = $rin, undef, undef, 10.0)) {
    my $rtime = '';
    my $hispaddr = recv(SOCKET, $rtime, 4, 0) || die "recv: $!";
    my ($port, $hisiaddr) = sockaddr_in($hispaddr);
    my $histime = unpack("N", $rtime) - $SECS_of_70_YEARS;
    printf "%-24s ", inet_ntoa($hisiaddr) . ":$port";
    printf "%8d %s\n", $histime - time, scalar localtime($histime);
    $count--;
}
