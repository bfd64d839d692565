# area: magic ARGV
# trap: "-" among files reads the standard input from where it stands, also behind a blank; a duplicate of it goes on in the same place
open my $o,'>','in'; print $o "1\n2\n"; close $o; open $o,'>','f'; print $o "f\n"; close $o; open STDIN,'<','in'; @ARGV=('f',' - ','f'); while(<>){print "[$ARGV] $_"} @ARGV=('<&STDIN','f'); my $n=0; $n++ while <>; print "then $n\n";
