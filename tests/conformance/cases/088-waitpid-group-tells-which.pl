# area: wait
# trap: waitpid of a group in a loop tells which of it has ended, one after another, then -1; who is not of the group stays
my @k; for my $i (1,2) { my $p=fork; unless($p){select undef,undef,undef,.3*$i; exit $i} push @k,$p; setpgrp $p,$k[0] } my $o=fork; exit 9 unless $o; my %which=($k[0]=>"first",$k[1]=>"second"); while((my $p=waitpid -$k[0],0)>0){ print $which{$p}||"other"," ",$?>>8,"\n" } print $!{ECHILD}?"no more":"?","\n"; waitpid $o,0; print $?>>8,"\n";
