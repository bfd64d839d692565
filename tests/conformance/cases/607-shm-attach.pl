# area: sysv shm
# trap: shmat, memread, memwrite and shmdt: the segment as memory; a write by one process is there for the other at once
use IPC::SysV qw(IPC_PRIVATE IPC_RMID shmat shmdt memread memwrite); my $id=shmget IPC_PRIVATE,4096,0600; my $addr=shmat $id,undef,0; memwrite $addr,"from memory",0,11; shmread $id,my $b,0,11; print "shmread: $b\n"; my $p=fork; unless($p){shmwrite $id,"from the child",0,14; exit 0} waitpid $p,0; memread $addr,my $m,0,14; print "memory: $m\n"; print "detached: ",defined shmdt($addr)?1:0,"\n"; shmctl $id,IPC_RMID,0;
