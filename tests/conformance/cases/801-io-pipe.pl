# area: pipe
# trap: IO::Pipe: reader and writer of a command, and of a forked pair; its close does not wait for the command, which is left to be reaped
use IO::Pipe; my $p=IO::Pipe->new; $p->reader('sh','-c','echo from the command; exit 3'); print <$p>; my $r=close $p; print "close=",$r?1:0," code=",$?>>8,"\n"; my $w=wait; print "left: ",$w>0?1:0," code=",$?>>8,"\n"; $|=1; $p=IO::Pipe->new; my $pid=fork; unless($pid){$p->writer; print $p "from the kid\n"; exit 0} $p->reader; print <$p>; waitpid $pid,0;
