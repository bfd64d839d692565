# area: pty
# trap: ttyname is /dev/pts/N for the slave; the slave is a character device; after the child is done the master write does not raise SIGPIPE
# needs: IO::Pty
use IO::Pty; my $pty=IO::Pty->new; print $pty->ttyname=~m{^/dev/pts/\d+$}?1:0,-c $pty->ttyname?1:0,-t $pty->slave?1:0,"\n"; my $p=fork; unless($p){exit 0} waitpid $p,0; $pty->close_slave; $SIG{PIPE}=sub{print "PIPE\n"}; my $n=syswrite $pty,"x\n"; print defined $n?"n=$n":"undef errno=".($!+0),"\n";
