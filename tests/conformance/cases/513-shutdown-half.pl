# area: tcp
# trap: shutdown of the writing half: the peer sees the end, its answer still comes; a write behind it is EPIPE; a half that is none is EINVAL
use Socket; $SIG{PIPE}='IGNORE'; socketpair my $a,my $b,AF_UNIX,SOCK_STREAM,PF_UNSPEC; syswrite $a,"question\n"; print "shutdown ",shutdown($a,1)?1:0,"\n"; my @l=<$b>; print "peer got ",scalar @l,": @l"; syswrite $b,"answer\n"; print "we got ",scalar <$a>; my $n=syswrite $a,"x"; print defined $n?$n:"undef"," EPIPE=",($!{EPIPE}?1:0),"\n"; my $r=shutdown $a,9; print defined $r&&$r?1:0," EINVAL=",($!{EINVAL}?1:0),"\n";
