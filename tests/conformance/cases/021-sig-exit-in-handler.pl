# area: signals
# trap: exit in a handler ends the program with that code, in good order: what was noted for the end is done
END{print "END\n"} $SIG{TERM}=sub{print "leaving\n"; exit 7}; kill TERM=>$$; print "not reached\n";
