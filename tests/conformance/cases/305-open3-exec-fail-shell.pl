# area: open3
# trap: behind a shell a missing program is no error of open3: the shell complains, and ends with 127
use IPC::Open3; use Symbol 'gensym'; my $e=gensym; my $pid=eval{open3(my $w,my $r,$e,'nosuch_xyz a;') and do{my $t=join '',<$e>; print "complains: ",$t=~/nosuch_xyz/?1:0,"\n"; 1}}; print $@?"died: $@":"no error\n"; wait; print "code=",$?>>8,"\n";
