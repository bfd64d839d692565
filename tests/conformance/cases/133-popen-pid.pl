# area: popen
# trap: open gives the child's pid, in both directions and all forms: the pid that the child itself knows
for my $f ("echo \$\$; exit 0|"){my $pid=open my $h,$f; my $l=<$h>; print "read: ",$l==$pid?1:0,"\n"} my $pid=open my $h,'|-','echo $$ > pid; cat'; print $h ''; close $h; open my $i,'<','pid'; my $l=<$i>; print "write: ",$l==$pid?1:0,"\n"; $pid=open $h,'-|','sh','-c','echo $$'; $l=<$h>; print "list: ",$l==$pid?1:0,"\n"; print "alive: ",kill(0,$pid),"\n"; close $h; print "gone: ",kill(0,$pid),"\n";
