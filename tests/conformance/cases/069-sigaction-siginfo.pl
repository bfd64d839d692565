# area: posix signals
# trap: who sent a signal is known to a handler that runs at once (SA_SIGINFO) only: with safe(1), deferred, it gets the name alone
use POSIX; for my $safe (0,1){ my $a=POSIX::SigAction->new(sub{my($name,$info)=@_; print "safe=$safe $name ",ref $info?"pid is mine: ".($info->{pid}==$$?1:0)." uid is mine: ".($info->{uid}==$<?1:0):"no info","\n"},POSIX::SigSet->new,SA_SIGINFO); $a->safe($safe); sigaction(SIGUSR1,$a); kill USR1=>$$; }
