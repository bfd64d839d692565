# area: pty
# trap: a program that uses stdio answers each line at once on a terminal, and not before its end on a pipe
# needs: IO::Pty
use IO::Pty; use IPC::Open2; use IO::Select; my @tr=('tr','a-z','A-Z'); my $pid=open2(my $r,my $w,@tr); print $w "pipe\n"; print "pipe: ",IO::Select->new($r)->can_read(0.4)?"at once":"nothing yet","\n"; close $w; print "pipe: ",<$r>; waitpid $pid,0; my $pty=IO::Pty->new; $pty->set_raw; $pid=fork; unless($pid){$pty->make_slave_controlling_terminal; my $s=$pty->slave; close $pty; open STDIN,'<&',$s; open STDOUT,'>&',$s; exec @tr} $pty->close_slave; print $pty "tty\n"; print "pty: ",IO::Select->new($pty)->can_read(5)?"at once":"nothing yet","\n"; print "pty: ",scalar <$pty>; kill TERM=>$pid; waitpid $pid,0;
