# The date where there is no fortune; and the port that was chosen is told.
use strict; use Socket; use Carp;
sub spawn;
sub logmsg { print "$0 $$: @_ at ", scalar localtime, "\n" }
$| = 1;
my $proto = getprotobyname('tcp');
socket(Server, PF_INET, SOCK_STREAM, $proto) || die "socket: $!";
setsockopt(Server, SOL_SOCKET, SO_REUSEADDR, pack("l", 1)) || die "setsockopt: $!";
bind(Server, sockaddr_in(shift // 2345, INADDR_ANY)) || die "bind: $!";
listen(Server, SOMAXCONN) || die "listen: $!";
logmsg "server started on port:" . (sockaddr_in(getsockname Server))[0];
my $waitedpid = 0;
my $paddr;
sub REAPER { $SIG{CHLD} = \&REAPER; $waitedpid = wait; logmsg "reaped $waitedpid" . ($? ? " with exit $?" : ''); }
$SIG{CHLD} = \&REAPER;
for ($waitedpid = 0; ($paddr = accept(Client, Server)) || $waitedpid; $waitedpid = 0, close Client) {
    next if $waitedpid;
    my ($port, $iaddr) = sockaddr_in($paddr);
    my $name = gethostbyaddr($iaddr, AF_INET);
    logmsg "connection from $name [", inet_ntoa($iaddr), "] at port $port";
    spawn sub {
        $| = 1;
        print "Hello there, $name, it's now ", scalar localtime, "\n";
        exec '/usr/games/fortune' if -x '/usr/games/fortune';
        exec 'date' or confess "can't exec date: $!";
    };
}
sub spawn {
    my $coderef = shift;
    my $pid;
    if (!defined($pid = fork)) { logmsg "cannot fork: $!"; return; }
    elsif ($pid) { logmsg "begat $pid"; return; }
    open(STDIN, "<&Client") || die "can't dup client to stdin";
    open(STDOUT, ">&Client") || die "can't dup client to stdout";
    exit &$coderef();
}
