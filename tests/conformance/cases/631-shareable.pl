# area: sysv shm
# trap: a variable that two processes share, with a lock around reading and writing it: nothing is lost; a structure is shared as well
# needs: IPC::Shareable
use IPC::Shareable; use POSIX (); my $k=tie my $n,'IPC::Shareable',undef,{create=>1,destroy=>1}; $n=0; my @p; for(1..2){my $p=fork; unless($p){for(1..20){$k->lock; $n=$n+1; $k->unlock} POSIX::_exit(0)} push @p,$p} waitpid $_,0 for @p; print "n=$n\n"; my $h=tie my %h,'IPC::Shareable',undef,{create=>1,destroy=>1}; $h{list}=[0]; my $p=fork; unless($p){$h{answer}=42; @{$h{list}}=(1,2); POSIX::_exit(0)} waitpid $p,0; print "answer=$h{answer} list=@{$h{list}}\n";
