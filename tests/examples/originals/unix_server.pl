use strict; use Socket;
sub logmsg { print "$0 $$: @_ at ", scalar localtime, "\n" }
$| = 1;
my $NAME = shift || '/tmp/catsock';
socket(Server, PF_UNIX, SOCK_STREAM, 0) || die "socket: $!";
unlink($NAME);
bind(Server, sockaddr_un($NAME)) || die "bind: $!";
listen(Server, SOMAXCONN) || die "listen: $!";
logmsg "server started on $NAME";
my $waitedpid = 0;
sub REAPER { $SIG{CHLD} = \&REAPER; $waitedpid = wait; logmsg "reaped $waitedpid" . ($? ? " with exit $?" : ''); }
$SIG{CHLD} = \&REAPER;
for ($waitedpid = 0; accept(Client, Server) || $waitedpid; $waitedpid = 0, close Client) {
    next if $waitedpid;
    logmsg "connection on $NAME";
    defined(my $pid = fork) || die;
    if ($pid) { logmsg "begat $pid"; next; }
    open(STDOUT, ">&Client") || die;
    $| = 1;
    print "Hello there, it's now ", scalar localtime, "\n";
    exec '/usr/games/fortune' if -x '/usr/games/fortune';
    exec 'date';
}
