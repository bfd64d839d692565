# area: sigtrap
# trap: use sigtrap: a stack trace to standard error that names the signal, then the end, which the parent sees as a signal
# switches: -w
my $p=fork; unless($p){open STDERR,'>','err'; require sigtrap; sigtrap->import('TERM'); kill TERM=>$$; print "not reached\n"; exit 0} waitpid $p,0; print "signal=",$?&127," code=",$?>>8,"\n"; open my $e,'<','err'; my $t=join '',<$e>; print "names it: ",$t=~/TERM/?1:0,"\n";
