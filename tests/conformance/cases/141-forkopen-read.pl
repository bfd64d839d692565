# area: fork-open
# trap: open "-|": the pid in the parent, 0 in the child, whose output is the pipe; the manual's "kid exited" shows the raw status
$|=1; my $pid=open my $k,'-|'; die unless defined $pid; unless($pid){print "from the kid\n"; print STDOUT "second\n"; exit 3} print "got: $_" while <$k>; my $r=close $k; print "close=",$r?1:0," kid exited $?\n";
