# Runs the handler's die in a sleep, which the manual leaves out.
sub catch_zap { my $signame = shift; $shucks++; die "Somebody sent me a SIG$signame\n"; }
$SIG{INT} = \&catch_zap;
$| = 1;
eval { print "waiting\n"; sleep 60 };
print $@;
print "shucks: $shucks\n";
