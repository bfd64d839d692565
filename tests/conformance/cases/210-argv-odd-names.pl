# area: magic ARGV
# trap: "-" the second time is at its end already, "" is a file that cannot be opened, "0" and "+x" are names like any other, a directory gives nothing, "<f|" is a file for all its end
open my $o,'>','in'; print $o "stdin line\n"; close $o; open STDIN,'<','in'; open $o,'>','0'; print $o "zero\n"; close $o; open $o,'>','+x'; print $o "plus\n"; close $o; open $o,'>','f|'; print $o "no command\n"; close $o; mkdir 'dir'; open STDERR,'>','/dev/null'; @ARGV=('-','-','','0','dir','0','+x','<f|'); while(<>){print "[$ARGV] $_"} print "end\n";
