# area: fifo
# trap: behind the end of a FIFO sysread asks again, and has what the next writer wrote; readline does not, and "+<" has no end
use POSIX 'mkfifo'; sub put{open my $w,'>','f'; syswrite $w,$_[0]; close $w} mkfifo 'f',0600; open my $k,'+<','f'; open my $r,'<','f'; put("one"); close $k; my $n=sysread $r,my $b,9; print "$n $b\n"; print sysread($r,$b,9),"\n"; put("two"); $n=sysread $r,$b,9; print "$n $b\n"; my $l=<$r>; print defined $l?"line":"end","\n"; put("three\n"); $l=<$r>; print defined $l?"line":"end","\n"; close $r; open $r,'+<','f'; for(1,2){put("kept\n"); print scalar <$r>}
