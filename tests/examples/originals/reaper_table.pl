# The loop as it must be: the manual's forgets the > 0, and its "wait_h" is ":sys_wait_h" today. system and close need the
# handler out of the way in Perl.
use POSIX ":sys_wait_h";
sub REAPER { my $child; while (($child = waitpid(-1, WNOHANG)) > 0) { $Kid_Status{$child} = $?; } }
$SIG{CHLD} = \&REAPER;
$| = 1;
for (1 .. 5) { defined($kid = fork) || die; exit $_ unless $kid; $first ||= $kid; $mine{$kid} = 1 }
{ local $SIG{CHLD} = 'DEFAULT';
  print "system: ", system("exit 7;") >> 8, "\n";
  open PIPE, "echo from the pipe; exit 6 |"; print <PIPE>; close PIPE; print "close: ", $? >> 8, "\n"; }
REAPER();
sleep 1 while keys %Kid_Status < 5;
print "the first kid: ", $Kid_Status{$first} >> 8, "\n";
$sum += $Kid_Status{$_} >> 8 for keys %mine;
print "sum of the kids' codes: $sum\n";
