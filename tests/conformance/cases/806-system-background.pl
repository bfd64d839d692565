# area: system
# trap: a command with "&" at its end: system gives 0 at once, and the process is nobody's child of ours
use Time::HiRes 'time'; pipe my $r,my $w; my $t=time; my $s=system 'sleep 1 >/dev/null 2>&1 &'; print "status=$s at once=",time-$t<0.8?1:0,"\n"; print "child of ours: ",wait,"\n";
