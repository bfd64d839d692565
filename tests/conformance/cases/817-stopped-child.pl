# area: wait
# trap: waitpid with WUNTRACED tells of a stop, with $? 0; WNOHANG alone does not
use POSIX ':sys_wait_h'; my $p=fork; unless($p){sleep 20; exit} kill STOP=>$p; my $w=waitpid $p,WUNTRACED; print $w==$p?1:0," $? ",WSTOPSIG(${^CHILD_ERROR_NATIVE}),"\n"; print waitpid($p,WNOHANG),"\n"; kill TERM=>$p; print waitpid($p,WNOHANG),"\n"; kill CONT=>$p; waitpid $p,0; print "$?\n";
