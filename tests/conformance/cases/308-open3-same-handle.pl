# area: open3
# trap: the reader's handle given for the errors too, or ">&STDERR": the first merges both, the second leaves the errors where ours go
use IPC::Open3; $|=1; open STDERR,'>&',\*STDOUT; my $cmd='echo out; echo err >&2'; my $pid=open3(\*W,\*R,\*R,$cmd); close W; print "same: ",join('',sort <R>); waitpid $pid,0; $pid=open3(my $w,my $r,'>&STDERR',$cmd); close $w; waitpid $pid,0; print "theirs: ",<$r>;
