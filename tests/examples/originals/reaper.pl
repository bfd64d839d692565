sub REAPER { $SIG{CHLD} = \&REAPER; $waitedpid = wait; }
$SIG{CHLD} = \&REAPER;
defined($kid = fork) || die;
exit 3 unless $kid;
sleep 10 until $waitedpid;
print "waited for: ", $waitedpid == $kid ? "the kid" : "somebody", "\n";
