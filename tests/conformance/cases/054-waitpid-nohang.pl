# area: wait
# trap: waitpid(-1,WNOHANG): 0 while children live, the pid of one that has ended, -1 and ECHILD when there is none; a loop for "true" never ends
use POSIX; pipe my $r,my $w; my $p=fork; unless($p){close $w; sysread $r,my $x,1; exit 9} close $r; my $n=waitpid -1,WNOHANG; print "alive: $n status=$?\n"; close $w; $n=0; until($n){$n=waitpid -1,WNOHANG; select undef,undef,undef,0.01} print "ended: ",$n==$p?1:0," status=",$?>>8,"\n"; $n=waitpid -1,WNOHANG; print "none: $n status=$? ECHILD=",($!{ECHILD}?1:0),"\n";
