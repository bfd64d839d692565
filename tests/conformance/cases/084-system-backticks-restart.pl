# area: signals/system
# trap: system and backticks go on through a handler that returns: whole output, right status
use Time::HiRes 'alarm'; my $g=0; $SIG{ALRM}=sub{$g++}; alarm 0.1; my $r=system 'sleep 0.3; exit 4'; print "system=",$r>>8," g=$g\n"; alarm 0.1; my $x=`echo a; sleep 0.3; echo b; exit 5`; $x=~tr/\n/,/; print "x=$x status=",$?>>8," g=$g\n";
