# area: alarm
# trap: a bare die in the timeout idiom hands on what was caught, with "\t...propagated" behind it; after the limit no timer is left
use Time::HiRes 'alarm'; eval{eval{local $SIG{ALRM}=sub{die "clock\n"}; alarm 0.2; die "real trouble"; alarm 0}; alarm 0; if($@ and $@!~/clock/){die}}; print $@=~/real trouble at .* line \d+\.\n?\t\.\.\.propagated at/?"propagated\n":"lost: $@"; print "left: ",alarm(0),"\n";
