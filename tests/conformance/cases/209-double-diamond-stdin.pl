# area: magic ARGV
# trap: <<>> reads the standard input only where there are no arguments; a "-" among them is a file of that name, which is missing here
open my $o,'>','in'; print $o "from stdin\n"; close $o; open STDIN,'<','in'; open $o,'>','f'; print $o "from f\n"; close $o; open STDERR,'>','/dev/null'; @ARGV=('-','f'); while(<<>>){print "[$ARGV] $_"} @ARGV=(); while(<<>>){print "[$ARGV] $_"}
