# area: popen
# trap: a second close, and the close of what was never opened, fail with EBADF and leave $? as it was
open my $f,'-|','exit 3;'; my @l=<$f>; my $r=close $f; print "first: ",$r?1:0," code=",$?>>8,"\n"; $r=close $f; print "second: ",$r?1:0," EBADF=",($!{EBADF}?1:0)," code=",$?>>8,"\n";
