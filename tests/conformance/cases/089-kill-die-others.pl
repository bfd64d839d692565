# area: kill
# trap: kill signals all of its list before a handler runs, so that one that dies keeps no signal from the others; two arrivals are one call
$|=1; my $p=fork; unless($p){sleep 20; exit 1} $SIG{TERM}=sub{die "gave up\n"}; eval{kill TERM=>$$,$p; print "no\n"}; print $@; waitpid $p,0; print "child: ",$?&127,"\n"; $SIG{USR1}=sub{print "[USR1]"}; print kill(USR1=>$$,$$),"\n";
