# area: signals
# trap: a handler runs with its own signal held back, another signal's handler may run inside it
my $depth=0; my $again=0; $SIG{USR1}=sub{$depth++; print "USR1 at $depth\n"; if(!$again++){kill USR1=>$$; kill USR2=>$$; print "back at $depth\n"} $depth--}; $SIG{USR2}=sub{$depth++; print "USR2 at $depth\n"; $depth--}; kill USR1=>$$; print "end at $depth\n";
