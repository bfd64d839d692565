# area: signals/fork
# trap: a forked child has the parent's handlers, its changes stay its own; a program that is executed has none of them, but what is ignored stays ignored
$|=1; $SIG{USR1}=sub{print "handler in ",shift()," @_\n"}; $SIG{USR1}=sub{print "handler in the $::who\n"}; $::who='parent'; $SIG{USR2}='IGNORE'; my $p=fork; unless($p){$::who='child'; kill USR1=>$$; $SIG{USR1}='IGNORE'; kill USR1=>$$; exit 0} waitpid $p,0; kill USR1=>$$; system 'sh','-c','kill -USR2 $$; echo still here; kill -USR1 $$; echo never'; print "signal ",$?&127,"\n";
