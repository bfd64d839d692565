# area: expect
# trap: interact copies both ways until the escape string is typed; the program runs on behind it
# needs: Expect
use Expect; use Socket; use IO::Handle; $|=1; $Expect::Log_Stdout=0; my $e=Expect->new; $e->raw_pty(1); $e->spawn('sh','-c','while read l; do echo "got $l"; done') or die; socketpair my $a,my $b,AF_UNIX,SOCK_STREAM,PF_UNSPEC; my $p=fork; unless($p){close $a; for my $l (qw(one two)){syswrite $b,"$l\n"; print "seen: ",scalar <$b>} syswrite $b,"\cX"; POSIX::_exit(0)} close $b; $e->interact($a,"\cX"); print "back\n"; $e->send("three\n"); $e->expect(5,'got three') and print "still there\n"; $e->hard_close;
