# area: pipe
# trap: both ends of a pipe are closed in a program that is executed, unless $^F was raised before it was made
sub seen{my $fd=shift; system("test -e /dev/fd/$fd")==0?1:0} pipe my $r,my $w; print "r=",seen(fileno $r)," w=",seen(fileno $w),"\n"; {local $^F=50; pipe my $r2,my $w2; print "raised: r=",seen(fileno $r2)," w=",seen(fileno $w2),"\n"} print "0=",seen(0)," 1=",seen(1)," 2=",seen(2),"\n";
