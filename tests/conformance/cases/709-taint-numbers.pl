# area: taint
# trap: the mark goes with a value through arithmetic and concatenation, and not into the keys of a hash
# switches: -T
use Scalar::Util 'tainted'; my $n=length($ENV{PATH})+substr($^X,0,0).'1'; my $t=substr $ENV{PATH},0,1; my %h=($t=>1); print "cat ",tainted("a$t")?1:0," sum ",tainted(ord($t)+1)?1:0," key ",tainted((keys %h)[0])?1:0,"\n";
