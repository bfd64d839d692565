# area: IPC::Cmd
# trap: can_run looks along PATH; run gives success, the error, and both outputs apart and together; a time limit ends the command
# needs: IPC::Cmd
use IPC::Cmd qw(can_run run); print can_run('sh')?1:0,can_run('nosuch_xyz')?1:0,"\n"; my($ok,$err,$all,$out,$errs)=run(command=>['sh','-c','echo o; echo e >&2']); print $ok?1:0," out=",@$out," err=",@$errs; ($ok,$err)=run(command=>['sh','-c','exit 3']); print $ok?1:0," value 3: ",$err=~/exited with value 3/?1:0,"\n"; ($ok,$err)=run(command=>'sleep 5',timeout=>1); print $ok?1:0," timed out: ",ref($err)||$err=~/TIMEOUT|timeout|timed out/i?1:0,"\n";
