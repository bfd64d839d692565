# area: fork-open
# trap: in the forked child $$ and getppid are the child's own, not copies
$|=1; my $me=$$; my $pid=open my $k,'-|'; unless($pid){print "$$ ",getppid,"\n"; exit 0} my($own,$parent)=split ' ',<$k>; print "own: ",$own==$pid?1:0," not the parent's: ",$own!=$me?1:0," parent: ",$parent==$me?1:0,"\n";
