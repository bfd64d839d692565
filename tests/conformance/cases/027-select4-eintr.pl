# area: signals/io
# trap: four-argument select comes back with -1 and EINTR after a handler has run, before its time is over
use Time::HiRes 'alarm'; my $g=0; $SIG{ALRM}=sub{$g++}; pipe my $r,my $w; my $bits=''; vec($bits,fileno $r,1)=1; alarm 0.2; my $n=select $bits,undef,undef,0.6; print "n=$n EINTR=",($!{EINTR}?1:0)," g=$g\n";
