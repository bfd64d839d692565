# area: open2
# trap: open2 gives (reader, writer) in this order and the pid; the child is not reaped by closing; its errors go to our standard error
use IPC::Open2; $|=1; open STDERR,'>&',\*STDOUT; my $pid=open2(my $r,my $w,'sh','-c','while read l; do echo "got $l"; done; echo bye >&2; exit 4'); print $w "one\ntwo\n"; print scalar <$r>; print scalar <$r>; close $w; my @rest=<$r>; print "rest ",scalar @rest,"\n"; close $r; my $got=waitpid $pid,0; print "pid=",$got==$pid?1:0," code=",$?>>8,"\n";
