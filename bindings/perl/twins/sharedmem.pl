# IPC::SharedMem as its manual page has it.
use strict;
use warnings;
use IPC::SysV qw(IPC_PRIVATE S_IRUSR S_IWUSR S_IRWXU SHM_RDONLY);
use IPC::SharedMem;

sub show { print join(' ', map { defined ? s/\0/./gr : 'undef' } @_), "\n" }

my $shm = IPC::SharedMem->new(IPC_PRIVATE, 8, S_IRWXU) or die "shmget: $!";
show($shm->write(pack('S', 4711), 2, 2), unpack('S', $shm->read(2, 2)), length $shm->read(0, 2));
show($shm->write('too long', 0, 3), $shm->read(0, 8), $shm->write('x', 4, 4), $shm->read(0, 8));
show($shm->read(4, 5), "$!");
show($shm->write('123456789', 0, 9), "$!");
show($shm->write('', 9, 0) // 'undef');

my $ds = $shm->stat;
show($ds->uid, $ds->gid, $ds->cuid, $ds->cgid, sprintf('%o', $ds->mode), $ds->segsz, $ds->cpid == $$ ? 'me' : 'else', $ds->nattch);
show(abs($ds->ctime - time) < 5 ? 'now' : $ds->ctime);

show($shm->attach, length $shm->addr, $shm->attach, $shm->stat->nattch);
show($shm->write('attached', 0, 8), $shm->read(0, 8), $shm->read(2, 3), unpack 'P8', $shm->addr);
show($shm->is_removed, $shm->remove, $shm->is_removed, $shm->remove);
show($shm->read(0, 8), $shm->detach, $shm->detach, $shm->addr);

$shm = IPC::SharedMem->new(IPC_PRIVATE, 100, S_IRUSR | S_IWUSR);
show($shm->attach(SHM_RDONLY), $shm->detach, $shm->remove);
show($shm->read(0, 1), $!{EINVAL} || $!{EIDRM} ? 'removed' : "$!");
for my $mistake (
    sub { IPC::SharedMem->new(IPC_PRIVATE, 8) }, sub { $shm->read(1) }, sub { $shm->write('x', 1) }, sub { $shm->attach(1, 2) },
) {
    eval { $mistake->() };
    print $@;
}
show(IPC::SharedMem->new(0x5eaf00d, 8, 0), "$!");
