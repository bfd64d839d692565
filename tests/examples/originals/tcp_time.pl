# A host may be host:port, so that a server of our own can be asked.
use strict; use Socket;
my $SECS_of_70_YEARS = 2208988800;
sub ctime { scalar localtime(shift) }
my $proto = getprotobyname('tcp');
$| = 1;
printf "%-24s %8s %s\n", "localhost", 0, ctime(time());
foreach my $host (@ARGV) {
    my ($name, $port) = split /:/, $host;
    printf "%-24s ", $host;
    my $hisiaddr = inet_aton($name) || die "unknown host";
    my $hispaddr = sockaddr_in($port // getservbyname('time', 'tcp'), $hisiaddr);
    socket(SOCKET, PF_INET, SOCK_STREAM, $proto) || die "socket: $!";
    connect(SOCKET, $hispaddr) || die "bind: $!";
    my $rtime = '    ';
    read(SOCKET, $rtime, 4);
    close(SOCKET);
    my $histime = unpack("N", $rtime) - $SECS_of_70_YEARS;
    printf "%8d %s\n", $histime - time, ctime($histime);
}
