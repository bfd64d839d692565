# area: signals/pipe
# trap: nothing is said about PIPE: a write to a pipe that nobody reads kills the program by 13, silently, when the buffer goes out
my $p=fork; unless($p){pipe my $r,my $w; close $r; print $w "x"; close $w; print "survived\n"; exit 0} waitpid $p,0; print "signal=",$?&127," code=",$?>>8,"\n";
