# area: taint
# trap: the fork form of open needs no clean environment, the exec in the child does
# switches: -T
$|=1; my $pid=open my $k,'-|'; unless($pid){print "forked\n"; eval{exec 'echo','hi'}; print $@=~/^(Insecure \$ENV\{PATH\})/?"$1\n":"ran: $@\n"; exit 0} print <$k>; close $k; print "code=",$?>>8,"\n";
