# area: magic ARGV
# trap: "-" among files reads the standard input from where it stands, by all its names: " - ", "<-", "< -", "<&STDIN", "<&=STDIN", "<&0", "<& 0", "<&=0"
open my $o,'>','in'; print $o "1\n2\n"; close $o; open $o,'>','f'; print $o "f\n"; close $o; for my $n (' - ','<-','< -','<&STDIN','<&=STDIN','<&0','<& 0','<&=0'){open STDIN,'<','in'; @ARGV=('f',$n,'f'); while(<>){print "[$ARGV] $_"}}
