# IPC::Semaphore as its manual page has it.
use strict;
use warnings;
use IPC::SysV qw(IPC_PRIVATE S_IRUSR S_IWUSR IPC_CREAT IPC_NOWAIT);
use IPC::Semaphore;

sub show { print join(' ', map { defined ? $_ : 'undef' } @_), "\n" }

my $sem = IPC::Semaphore->new(IPC_PRIVATE, 10, S_IRUSR | S_IWUSR | IPC_CREAT) or die "semget: $!";
show($sem->id =~ /^\d+$/ ? 'id' : 'no id', $sem->setall((0) x 10), $sem->getall);
show($sem->setval(3, 7), $sem->getval(3), $sem->getval(0), $sem->getncnt(0), $sem->getzcnt(0));
show($sem->op(3, -1, IPC_NOWAIT, 1, 1, IPC_NOWAIT), $sem->getall, $sem->getpid(1) == $$ ? 'me' : 'else');
show($sem->op(0, -1, IPC_NOWAIT), $! + 0, "$!");
show($sem->op(20, 1, 0), "$!");
show($sem->getval(20), "$!");
show($sem->setval(0, 40000), "$!");

my $ds = $sem->stat;
show($ds->uid, $ds->gid, $ds->cuid, $ds->cgid, sprintf('%o', $ds->mode), $ds->nsems);
show(abs($ds->ctime - time) < 5 ? 'now' : $ds->ctime, abs($ds->otime - time) < 5 ? 'now' : $ds->otime);
show($sem->set(mode => 0640), sprintf '%o', $sem->stat->mode);
$ds->mode(0600);
show($sem->set($ds), sprintf '%o', $sem->stat->mode);

# A handler cuts the wait.
local $SIG{ALRM} = sub { print "ALRM\n" };
alarm 1;
show($sem->op(0, -1, 0), $!{EINTR} ? 'EINTR' : "$!");

# Another process gives.
my $pid = fork // die;
if (!$pid) {
    1 until $sem->getncnt(5);
    $sem->op(5, 2, 0);
    exit 0;
}
show($sem->op(5, -2, 0), $sem->getval(5));
waitpid $pid, 0;

for my $mistake (
    sub { IPC::Semaphore->new(IPC_PRIVATE, 10) }, sub { $sem->getval }, sub { $sem->getncnt }, sub { $sem->getzcnt(1, 2) },
    sub { $sem->getpid }, sub { $sem->op(1, 2) }, sub { $sem->op(1, 2, 0, 4) }, sub { $sem->setval(1) }, sub { $sem->set(1, 2, 3) },
) {
    eval { $mistake->() };
    print $@;
}
show($sem->remove, $sem->id);
show(IPC::Semaphore->new(IPC_PRIVATE, 0, 0600), "$!");
show(IPC::Semaphore->new(0x5eaf00d, 1, 0), "$!");
