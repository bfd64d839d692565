# area: wait
# trap: wait without a child, and waitpid of a process that is none of ours, give -1 with ECHILD at once; a child that was waited for is a stranger too
my $n=wait; print "wait: $n ECHILD=",($!{ECHILD}?1:0)," status=$?\n"; $!=0; $n=waitpid getppid,0; print "stranger: $n ECHILD=",($!{ECHILD}?1:0),"\n"; my $p=fork; exit 3 unless $p; $n=waitpid $p,0; print "ours: ",$n==$p?1:0," code=",$?>>8,"\n"; $!=0; $n=waitpid $p,0; print "again: $n ECHILD=",($!{ECHILD}?1:0),"\n";
