# area: pty
# trap: the size of the window: set before the start the child finds it, a change sends it WINCH and shows the new one
# needs: IO::Pty
use IO::Pty; my $pty=IO::Pty->new; $pty->slave->set_winsize(30,100,0,0); my $p=fork; unless($p){$pty->make_slave_controlling_terminal; my $s=$pty->slave; close $pty; open STDIN,'<&',$s; open STDOUT,'>&',$s; exec 'sh','-c','stty -echo -onlcr; trap "echo WINCH; stty size; exit 0" WINCH; stty size; while :; do sleep 0.05; done'} $pty->close_slave; my $l=<$pty>; $l=~s/\r//; print "at first: $l"; $pty->set_winsize(40,120,0,0); print "then: ",scalar <$pty>; print "now: ",scalar <$pty>; waitpid $p,0;
