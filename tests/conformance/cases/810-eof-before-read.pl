# area: reading
# trap: eof waits until something is there or the end is, and loses nothing; what it has read select does not see
use Time::HiRes 'time'; open my $f,'-|','sleep 0.3; printf "one\ntwo\n"'; my $t=time; print "eof=",eof($f)?1:0," waited=",time-$t>0.2?1:0,"\n"; print scalar <$f>,scalar <$f>; print "eof=",eof($f)?1:0," again=",eof($f)?1:0,"\n"; my $r=close $f; print "close=",$r?1:0,"\n";
