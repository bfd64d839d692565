# area: taint
# trap: what shmread and msgrcv give is marked as tainted
# switches: -T
use Scalar::Util 'tainted'; my $id=shmget 0,10,0600; shmwrite $id,"abc",0,3; shmread $id,my $b,0,3; print tainted($b)?"tainted\n":"clean\n"; shmctl $id,0,0;
