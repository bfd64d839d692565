# area: IPC::Run
# trap: scalar refs for in/out/err, pipes between commands, exit codes, timeout exception, finish
# needs: IPC::Run
use IPC::Run qw(run start finish timeout harness); my($in,$out,$err)=("b\na\n"); my $ok=run ['sort'],\$in,\$out,\$err; print $ok?1:0," ",join('|',split /\n/,$out),"\n"; run ['printf','x\ny\nz\n'],'|',['wc','-l'],\my $n; print 0+$n,"\n"; $ok=run ['sh','-c','exit 3'],\undef,\$out; print $ok?1:0," ",$?>>8,"\n"; eval{run ['sleep','5'],timeout(1); 1} or print $@=~/^(IPC::Run: timeout on timer #1)/?"$1\n":$@; eval{run ['nosuch_xyz']; 1} or print $@=~/^(Command 'nosuch_xyz' not found)/?"$1\n":$@; my $h=start ['cat'],\my $i,\my $o; $i.="ping\n"; $h->pump until $o=~/ping/; print $o; finish $h; print $h->result(0),"\n";
