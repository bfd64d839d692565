# area: taint
# trap: which values are marked: the environment, what was read from files and pipes, readdir, readlink; a match of a pattern takes the mark off
# switches: -T
use Scalar::Util 'tainted'; open my $f,'<',"$0" or die; my $l=<$f>; my $e=$ENV{LC_ALL}; $l=~/^(\S+)/; print "file ",tainted($l)?1:0," env ",tainted($e)?1:0," match ",tainted($1)?1:0," pid ",tainted($$)?1:0," constant ",tainted('x')?1:0,"\n";
