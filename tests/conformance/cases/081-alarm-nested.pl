# area: alarm
# trap: there is one timer: an inner time limit that is over in time switches the outer one off without a word
use Time::HiRes 'alarm'; my $r=eval{local $SIG{ALRM}=sub{die "outer\n"}; alarm 0.4; eval{local $SIG{ALRM}=sub{die "inner\n"}; alarm 0.1; select undef,undef,undef,1; alarm 0}; print "inner: $@"; select undef,undef,undef,0.5; alarm 0; "never called\n"}; print "outer: ",$r//$@;
