# area: exec
# trap: what print holds in its buffer comes out before exec, once
my $p=open my $f,'-|'; unless($p){print "buffered\n"; exec 'echo','executed'} print <$f>; close $f; print "$?\n";
