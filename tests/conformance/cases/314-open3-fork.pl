# area: open3
# trap: open3 and open2 with "-" fork: 0 in the child, whose standard descriptors are the other ends
use IPC::Open3; use IPC::Open2; use Symbol 'gensym'; $|=1; my $e=gensym; my $pid=open3(my $w,my $r,$e,'-'); unless($pid){my $l=<STDIN>; print "kid got $l"; print STDERR "kid err\n"; exit 6} print $w "hello\n"; close $w; print "r: ",<$r>; print "e: ",<$e>; waitpid $pid,0; print "code=",$?>>8,"\n"; $pid=open2(my $r2,my $w2,'-'); unless($pid){print "two: ",scalar <STDIN>; exit 0} print $w2 "again\n"; close $w2; print <$r2>; waitpid $pid,0; print "code=",$?>>8,"\n";
