# area: popen
# trap: $. is that of the handle that was read last; close sets it back to 0
open my $f,'-|','printf "a\nb\nc"'; <$f>; print "$. "; my @l=<$f>; print "$. ",scalar(@l),"\n"; close $f; print "$.\n"; open $f,'-|','echo x'; <$f>; print "$.\n"; close $f;
