# area: signals/io
# trap: a handler that dies inside readline takes the half of the line with it that was there already
use Time::HiRes 'alarm'; pipe my $r,my $w; syswrite $w,"half,"; $SIG{ALRM}=sub{die "late\n"}; my $l=eval{alarm 0.3; <$r>}; print "first=",$l//"undef"," error=$@"; syswrite $w,"the rest\n"; print "then=",scalar <$r>;
