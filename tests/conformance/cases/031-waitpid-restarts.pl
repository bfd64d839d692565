# area: signals/wait
# trap: waitpid and wait go on after a handler that returns, and give the right status; being told EINTR is unknown to them
use Time::HiRes 'alarm'; my $g=0; $SIG{ALRM}=sub{$g++}; for my $how (qw(waitpid wait)){ $g=0; my $p=fork; unless($p){select undef,undef,undef,0.4; exit 6} alarm 0.1; my $got=$how eq 'wait'?wait:waitpid $p,0; print "$how: ours=",$got==$p?1:0," status=",$?>>8," g=$g\n"}
