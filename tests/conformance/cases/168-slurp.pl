# area: reading
# trap: $/ undefined: all that is left, then the end; where nothing is there at all it is the empty string for once
open my $f,'-|','printf "a\nb\n"; sleep 0.2; printf "c"'; my $l=<$f>; print "line: $l"; {local $/; my $all=<$f>; $all=~s/\n/N/g; print "rest: $all\n"; my $end=<$f>; print "end: ",defined $end?"'$end'":"undef","\n"} print "lines: $.\n"; close $f; {local $/; open $f,'-|','true;'; my $n=0; $n++ while defined(my $x=<$f>); print "records of nothing: $n\n"}
