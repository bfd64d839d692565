# area: fifo
# trap: a handle opened "+<" reads what it has printed itself, without a flush between; and what others print comes behind that
use POSIX 'mkfifo'; mkfifo 'f',0600; open my $h,'+<','f'; print $h "self\n"; print scalar <$h>; print $h "a","b"; read $h,my $b,2; print "$b\n"; print $h "z\n"; print eof $h?"end":"more","\n"; print scalar <$h>; print $h "one\n"; print scalar <$h>; open my $w,'>','f'; print $w "two\n"; close $w; print scalar <$h>;
