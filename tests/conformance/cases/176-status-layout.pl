# area: wait
# trap: $?: the code times 256, the signal in the low seven bits; of a child that has only stopped (WUNTRACED) the raw status is 0x137f
use POSIX ':sys_wait_h'; my $p=fork; unless($p){kill STOP=>$$; exit 7} waitpid $p,WUNTRACED; my $n=${^CHILD_ERROR_NATIVE}; printf "stopped=%d by %d raw=%x exited=%d signaled=%d\n",WIFSTOPPED($n)?1:0,WSTOPSIG($n),$n,WIFEXITED($n)?1:0,WIFSIGNALED($n)?1:0; kill CONT=>$p; waitpid $p,0; printf "then status=%x code=%d\n",$?,$?>>8; $p=fork; unless($p){kill KILL=>$$} waitpid $p,0; printf "killed status=%x signal=%d\n",$?,$?&127;
