# area: tcp
# trap: a forking server with $SIG{CHLD}='IGNORE': no zombies, nothing to reap, wait gives -1 with ECHILD
use IO::Socket; my $l=IO::Socket::INET->new(Listen=>9,LocalAddr=>'127.0.0.1') or die; $SIG{CHLD}='IGNORE'; my $me=$$; for(1..3){ my $c=IO::Socket::INET->new(PeerAddr=>'127.0.0.1',PeerPort=>$l->sockport); my $k=$l->accept; my $p=fork; unless($p){ print $k "child of ",getppid==$me?'the server':'another',"\n"; exit 3} close $k; my @l=<$c>; print scalar @l," $l[0]" } my $w=wait; print "wait $w ",$?,' ',$!{ECHILD}?'ECHILD':$!,"\n";
