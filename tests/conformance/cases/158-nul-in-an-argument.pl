# area: exec
# trap: an argument ends at its first NUL, and the command gets the part before it
open my $f,'-|','printf','[%s]',"a\0b","c"; print <$f>; close $f; print " $?\n";
