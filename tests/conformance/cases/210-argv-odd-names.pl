# area: magic ARGV
# trap: "-" the second time is at its end already, "" is a file that cannot be opened, "0" is a name like any other, a directory gives nothing
open my $o,'>','in'; print $o "stdin line\n"; close $o; open STDIN,'<','in'; open $o,'>','0'; print $o "zero\n"; close $o; mkdir 'dir'; open STDERR,'>','/dev/null'; @ARGV=('-','-','','0','dir','0'); while(<>){print "[$ARGV] $_"} print "end\n";
