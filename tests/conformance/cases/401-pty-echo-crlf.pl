# area: pty
# trap: a terminal echoes what is typed and turns \n into \r\n; in raw mode it does neither
# needs: IO::Pty
use IO::Pty; for my $raw (0,1){my $pty=IO::Pty->new; $pty->slave->set_raw if $raw; my $p=fork; unless($p){my $s=$pty->slave; close $pty; open STDIN,'<&',$s; open STDOUT,'>&',$s; close $s; exec 'sh','-c','read l; echo "got $l"'} $pty->close_slave; syswrite $pty,"hi\n"; my $all=''; while(sysread $pty,my $b,1024){$all.=$b} waitpid $p,0; $all=~s/\r/<CR>/g; $all=~s/\n/<LF>/g; print "raw=$raw $all\n"}
