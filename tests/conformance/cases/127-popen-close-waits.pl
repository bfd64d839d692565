# area: popen
# trap: the end of the output is not the end of the child: close waits for a child that has closed its standard output long before
use Time::HiRes 'time'; open my $f,'-|','echo x; exec >&- 2>&-; sleep 0.5; exit 5'; my @l=<$f>; my $t=time; my $r=close $f; print "lines=",scalar @l," close=",$r?1:0," code=",$?>>8," waited=",time-$t>0.3?1:0,"\n";
