# area: reading
# trap: a byte that was got can be put back (ungetc), and what a socket has can be looked at (MSG_PEEK): the next read finds it
use IO::Handle; use Socket; for my $say ("#comment\nrest\n","data\n","") { open my $f,"-|","printf","%s",$say; my $c=getc $f; if(defined $c){ print "[$c] "; $f->ungetc(ord $c) } else { print "[] " } my $l=<$f>; print defined $l?$l:"end\n"; close $f } socketpair my $a,my $b,AF_UNIX,SOCK_STREAM,0; syswrite $a,"GET /\nmore\n"; recv $b,my $x,3,MSG_PEEK; print "$x: ",scalar <$b>; print scalar <$b>;
