# area: sigtrap
# trap: sigtrap's words: normal-signals with a handler of one's own; untrapped passes over what has a handler already; an unknown word dies
$SIG{HUP}=sub{print "mine: @_\n"}; require sigtrap; sigtrap->import('handler',sub{print "sigtrap: @_\n"},'untrapped','normal-signals'); for my $s (qw(HUP INT PIPE TERM)){kill $s=>$$} sigtrap->import('handler',sub{print "any: @_\n"},'any','normal-signals'); kill HUP=>$$; eval{sigtrap->import('nosuchword')}; print $@?"refused\n":"taken\n";
