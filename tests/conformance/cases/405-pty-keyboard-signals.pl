# area: pty
# trap: ^C, ^\ and ^D typed into a controlling terminal: INT and QUIT to the foreground group, the end of the input
# needs: IO::Pty
use IO::Pty; for my $key ("\cC","\c\\","\cD"){my $pty=IO::Pty->new; my $p=fork; unless($p){$pty->make_slave_controlling_terminal; my $s=$pty->slave; close $pty; open STDIN,'<&',$s; open STDOUT,'>&',$s; open STDERR,'>&',$s; exec 'sh','-c','ulimit -c 0; stty -echo; echo ready; exec cat'} $pty->close_slave; my $l=<$pty>; syswrite $pty,$key; waitpid $p,0; printf "^%s signal=%d code=%d\n",chr(64+ord $key),$?&127,$?>>8}
