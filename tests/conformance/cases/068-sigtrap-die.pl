# area: sigtrap
# trap: sigtrap's "die": the signal is an exception, which an eval catches; the program goes on
require sigtrap; sigtrap->import('die','normal-signals'); for my $s (qw(HUP INT TERM)){eval{kill $s=>$$; print "not reached\n"}; print $s,": ",$@=~/^Caught a SIG$s/?"caught":"no: $@","\n"} print "end\n";
