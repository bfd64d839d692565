# area: signals
# trap: a real-time signal that the kernel has queued five times is one call of the deferred handler all the same
use POSIX; my $rt=SIGRTMIN()+2; my $c=0; $SIG{"NUM$rt"}=sub{$c++}; my $s=POSIX::SigSet->new($rt); sigprocmask(SIG_BLOCK,$s); kill $rt,$$ for 1..5; sigprocmask(SIG_UNBLOCK,$s); print "calls=$c\n"; kill $rt,$$; print "calls=$c\n";
