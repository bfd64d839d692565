# area: writing
# trap: a full device is told late: print into the buffer succeeds, the flush or close fails with ENOSPC
open my $f,'>','/dev/full' or die; my $p=print $f "x"; my $c=close $f; print "print=",$p?1:0," close=",$c?1:0," ENOSPC=",($!{ENOSPC}?1:0),"\n"; open $f,'>','/dev/full' or die; select((select($f),$|=1)[0]); $p=print $f "x"; print "autoflushed print=",$p?1:0," ENOSPC=",($!{ENOSPC}?1:0),"\n";
