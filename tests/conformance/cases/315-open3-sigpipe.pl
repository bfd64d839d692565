# area: open3
# trap: writing to a child that has gone raises PIPE; a handler that returns leaves EPIPE
use IPC::Open3; $SIG{PIPE}=sub{print "@_\n"}; my $pid=open3(my $w,my $r,undef,'exit 0;'); my @l=<$r>; waitpid $pid,0; my $p=print $w "too late\n"; my $n=$!+0; print "print=",$p?1:0," EPIPE=",$n==32?1:0," code=",$?>>8,"\n";
