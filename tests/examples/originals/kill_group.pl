setpgrp(0, 0);
for (1 .. 3) { defined($pid = fork) || die; if (!$pid) { exec 'sleep', 100 } push @kids, $pid }
{ local $SIG{HUP} = 'IGNORE'; print "groups reached: ", kill(HUP => -$$), "\n"; }
for (@kids) { waitpid $_, 0; print "kid: killed by ", $? & 127, "\n" }
print "I survive\n";
