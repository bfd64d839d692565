# area: unix sockets
# trap: a socketpair goes both ways, also over a fork; the end of one side is the other's end; of AF_INET there is none
use Socket; socketpair my $a,my $b,AF_UNIX,SOCK_STREAM,PF_UNSPEC; my $p=fork; unless($p){close $a; my $l=<$b>; syswrite $b,"kid heard $l"; exit 0} close $b; syswrite $a,"hello\n"; print scalar <$a>; my $l=<$a>; print defined $l?"more":"end","\n"; waitpid $p,0; print "code=",$?>>8,"\n";
