# area: magic ARGV
# trap: "-" is STDIN itself: what was read ahead of it is still there after close ARGV, for the next "-" and for <STDIN>
pipe my $r,my $w; syswrite $w,"1\n2\n3\n"; close $w; open STDIN,'<&',$r; open my $o,'>','a'; print $o "a\n"; close $o; @ARGV=('-'); my $l=<>; print "$ARGV $. $l"; close ARGV; @ARGV=('a','-'); while(<>){print "$ARGV $. $_"}
