# area: pipe
# trap: a pipe holds 64 KiB: a writer of more waits until it is read, and nothing is lost
open my $f,'|-','sleep 0.3; wc -c' or die; my $n=0; for(1..100){print $f 'x' x 10000; $n+=10000} $|=1; print "printed $n\n"; my $r=close $f; print "close=",$r?1:0,"\n"; open my $i,'-|','head -c 500000 /dev/zero' or die; select undef,undef,undef,0.1; my $all=join '',<$i>; print "read ",length $all," close=",close($i)?1:0,"\n";
