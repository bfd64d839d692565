# area: open2
# trap: a string follows the shell rule, a list never meets a shell; the writer is flushed by itself
use IPC::Open2; for my $c (['cat -n | tail -1'],['cat','-n'],['cat -n']){my $pid=open2(my $r,my $w,@$c); print $w "one\ntwo\n"; close $w; my @l=<$r>; waitpid $pid,0; s/\s+/ /g for @l; print "@$c:",@l," code=",$?>>8,"\n"} my $pid=open2(my $r,my $w,'cat'); print $w "goes out at once\n"; print scalar <$r>; close $w; waitpid $pid,0;
