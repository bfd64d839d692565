# area: popen
# trap: close gives false for any status but 0, with $! = 0 and the wait status in $?: code times 256, or the signal
for my $c ('exit 0;','exit 1;','exit 255;','kill -9 $$;','kill -TERM $$;'){open my $f,'-|',$c or die; my @l=<$f>; $!=5; my $r=close $f; print "$c close=",$r?1:0," errno=",$r?0:$!+0," status=$? code=",$?>>8," signal=",$?&127,"\n"}
