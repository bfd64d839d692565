# IPC::Msg as its manual page has it.
use strict;
use warnings;
use IPC::SysV qw(IPC_PRIVATE S_IRUSR S_IWUSR IPC_NOWAIT MSG_NOERROR);
use IPC::Msg;

sub show { print join(' ', map { defined ? $_ : 'undef' } @_), "\n" }

my $msg = IPC::Msg->new(IPC_PRIVATE, S_IRUSR | S_IWUSR) or die "msgget: $!";
my $buf;
show($msg->snd(1, 'first'), $msg->snd(3, 'third'), $msg->snd(2, ''), $msg->snd(2, "with \0 in it", IPC_NOWAIT));
my $ds = $msg->stat;
show($ds->qnum, $ds->uid, $ds->gid, $ds->cuid, $ds->cgid, sprintf('%o', $ds->mode), $ds->lspid == $$ ? 'me' : 'else', $ds->lrpid);
show($msg->rcv($buf, 256), $buf);
show($msg->rcv($buf, 256, 2), length $buf);
show($msg->rcv($buf, 256, -2, IPC_NOWAIT), length $buf);
show($msg->rcv($buf, 2), "$!", length $buf);
show($msg->rcv($buf, 2, 0, MSG_NOERROR), $buf);
show(scalar $msg->rcv($buf, 2, 0, IPC_NOWAIT), "$!");
show($msg->snd(0, 'no type'), "$!");
show($msg->snd(1, 'x' x 1e6), "$!");
show($msg->set(mode => 0640), sprintf '%o', $msg->stat->mode);
show($msg->set(qbytes => 1000), $msg->stat->qbytes);
$ds->mode(0600);
show($msg->set($ds), sprintf '%o', $msg->stat->mode);
show(abs($msg->stat->rtime - time) < 5 ? 'now' : 'then', abs($msg->stat->ctime - time) < 5 ? 'now' : 'then');

# A handler cuts the wait; another process sends.
local $SIG{ALRM} = sub { print "ALRM\n" };
alarm 1;
show(scalar $msg->rcv($buf, 10), $!{EINTR} ? 'EINTR' : "$!");
my $pid = fork // die;
if (!$pid) {
    $msg->snd(9, 'from the child');
    exit 0;
}
show($msg->rcv($buf, 100), $buf);
waitpid $pid, 0;

for my $mistake (
    sub { IPC::Msg->new(IPC_PRIVATE) }, sub { $msg->rcv($buf) }, sub { $msg->snd(1) }, sub { $msg->set(1, 2, 3) },
) {
    eval { $mistake->() };
    print $@;
}
show($msg->remove, $msg->id);
show(IPC::Msg->new(0x5eaf00d, 0), "$!");
