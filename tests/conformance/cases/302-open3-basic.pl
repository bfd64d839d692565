# area: open3
# trap: open3 takes (writer, reader, error) in this order; with a false third the errors come with the output
use IPC::Open3; use Symbol 'gensym'; my $cmd='read l; echo "out $l"; echo "err $l" >&2'; my $pid=open3(my $w,my $r,my $e=gensym,$cmd); print $w "x\n"; close $w; print "r: ",<$r>; print "e: ",<$e>; waitpid $pid,0; for my $third (undef,'',0){$pid=open3(my $w2,my $r2,$third,$cmd); print $w2 "y\n"; close $w2; my @l=sort <$r2>; waitpid $pid,0; print "merged: @l"}
