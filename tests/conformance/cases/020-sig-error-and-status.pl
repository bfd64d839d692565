# area: signals
# trap: an error that a handler meets and a system() that it runs: $@ is the program's own again behind it, $? is the handler's
$SIG{USR1}=sub{eval{die "inner\n"}; system 'exit 3;'}; system 'exit 5;'; eval{die "outer\n"}; kill USR1=>$$; print "error=$@status=",$?>>8,"\n";
