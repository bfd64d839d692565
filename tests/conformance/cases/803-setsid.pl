# area: daemon
# trap: setsid fails with EPERM for the leader of a group, and makes a forked child the leader of a session without a terminal
use POSIX 'setsid'; setpgrp; my $r=setsid; print defined $r&&$r>0?1:0," EPERM=",($!{EPERM}?1:0),"\n"; my $p=open my $k,'-|'; unless($p){my $s=setsid; print $s==$$?"leads its session":"no"," group ",getpgrp()==$$?1:0," tty ",open(my $t,'<','/dev/tty')?1:0,"\n"; exit 0} print <$k>; close $k;
