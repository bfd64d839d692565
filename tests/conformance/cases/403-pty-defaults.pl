# area: pty
# trap: a new pty is a person's: what is written to a program comes back as an echo in front of its answer, with CR LF
# needs: IO::Pty
use IO::Pty; my $pty=IO::Pty->new; my $p=fork; unless($p){my $s=$pty->slave; close $pty; open STDIN,'<&',$s; open STDOUT,'>&',$s; exec 'cat'} $pty->close_slave; syswrite $pty,"line\n\cD"; my $all=''; while(sysread $pty,my $b,1024){$all.=$b} waitpid $p,0; $all=~s/\r/<CR>/g; $all=~s/\n/<LF>/g; print "$all code=",$?>>8,"\n";
