# area: signals
# trap: the name of a sub that is not there yet: the signal is swallowed (a warning under -w), and is heard once the sub exists
$SIG{USR1}='late'; kill USR1=>$$; print "alive\n"; eval 'sub late{print "late @_\n"}'; kill USR1=>$$; print "end\n";
