# area: kill
# trap: signal 0 asks whether a process is there: true for oneself and for a zombie, ESRCH once that is reaped; ZERO is its name
pipe my $r,my $w; my $p=fork; unless($p){exit 0} close $w; sysread $r,my $x,1; select undef,undef,undef,0.1; print "self ",kill(0,$$)," ",kill('ZERO',$$),"\n"; print "zombie ",kill(0,$p),"\n"; waitpid $p,0; $!=0; print "reaped ",kill(0,$p)," ESRCH=",($!{ESRCH}?1:0),"\n";
