# area: magic ARGV
# trap: without arguments it is the standard input, whose name is "-"; and once that has ended it is not asked again
open my $o,'>','in'; print $o "one\ntwo\n"; close $o; open STDIN,'<','in'; @ARGV=(); while(<>){print "[$ARGV] $.:$_"} print "end\n";
