# area: signals
# trap: a handler of SEGV, BUS, FPE or ILL runs at once and not deferred: one that returns from a real fault would fault for ever
for my $s (qw(SEGV BUS FPE ILL)){ $SIG{$s}=sub{print "@_\n"}; kill $s=>$$; } print "end\n";
