# area: reading
# trap: $/ undefined: all that comes, then the end; in the middle of a file what is left; line by line again behind that
open my $f,'-|','printf "a\nb\n"; sleep 0.2; printf "c"'; my $l=<$f>; print "line: $l"; {local $/; my $all=<$f>; $all=~s/\n/N/g; print "rest: $all\n"; my $end=<$f>; print "end: ",defined $end?"'$end'":"undef","\n"} print "lines: $.\n";
