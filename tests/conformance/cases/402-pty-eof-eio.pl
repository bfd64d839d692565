# area: pty
# trap: when the last slave closes, the master's read fails with EIO on Linux (not 0)
# needs: IO::Pty
use IO::Pty; my $pty=IO::Pty->new; my $p=fork; unless($p){my $s=$pty->slave; close $pty; open STDOUT,'>&',$s; exec 'echo','hi'} $pty->close_slave; my $o=''; my $n; while($n=sysread $pty,my $b,1024){$o.=$b} print defined $n?"eof 0":"undef EIO=".($!{EIO}?1:0),"\n"; $o=~s/\r\n/<CRLF>/g; print "$o\n"; waitpid $p,0;
