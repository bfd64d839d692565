use Time::HiRes 'alarm';
open(HOLDER, "> lock") && flock(HOLDER, 2) && open(FH, "> lock") || die;
eval { local $SIG{ALRM} = sub { die "alarm clock restart" }; alarm 0.2; flock(FH, 2); alarm 0; };
if ($@ and $@ !~ /alarm clock restart/) { die }
print "by the alarm: timed out\n" if $@;
