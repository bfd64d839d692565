# area: signals/wait
# trap: a REAPER that waits once for each signal: of two children that end together one is left, since their signals are one
use POSIX; my @got; $SIG{CHLD}=sub{push @got,wait}; my $s=POSIX::SigSet->new(SIGCHLD); sigprocmask(SIG_BLOCK,$s); my @p; for my $n (1,2){my $p=fork; exit $n unless $p; push @p,$p} select undef,undef,undef,0.2; sigprocmask(SIG_UNBLOCK,$s); print "reaped by the handler: ",scalar @got,"\n"; my $left=waitpid -1,WNOHANG; print "left: ",(grep{$_==$left}@p)?1:0,"\n"; print "then: ",waitpid(-1,WNOHANG)," ECHILD=",($!{ECHILD}?1:0),"\n";
