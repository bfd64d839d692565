# area: open2
# trap: open2 takes ">&STDOUT" for its reader, and open3 may have a dup for all three, so that there is no pipe
use IPC::Open2; use IPC::Open3; $|=1; my $pid=open2('>&STDOUT',my $w,'cat; exit 3'); print $w "direct\n"; close $w; waitpid $pid,0; print $?>>8,"\n"; $pid=open3('<&STDIN','>&STDOUT','>&STDERR','echo inherited; exit 4'); waitpid $pid,0; print $?>>8,"\n";
