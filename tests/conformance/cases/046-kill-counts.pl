# area: kill
# trap: kill gives how many were signalled; one that is gone is passed over with ESRCH, and no process at all is 0
my @k=map{my $k=fork; unless($k){sleep 20; exit} $k}1..3; my $gone=fork; exit 0 unless $gone; waitpid $gone,0; $!=0; my $n=kill TERM=>@k[0,1],$gone; print "n=$n ESRCH=",($!{ESRCH}?1:0),"\n"; $n=kill TERM=>$k[2]; print "n=$n\n"; for(@k){waitpid $_,0; print "sig=",$?&127,"\n"} $!=0; $n=kill TERM=>$gone; print "gone: n=$n ESRCH=",($!{ESRCH}?1:0),"\n"; print "nobody: ",kill('TERM'),"\n";
