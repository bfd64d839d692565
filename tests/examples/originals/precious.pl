sub precious { local $SIG{INT} = 'IGNORE'; &more_functions; }
sub more_functions { kill INT => $$; print "still here: $SIG{INT}\n"; }
precious();
print "afterwards: ", $SIG{INT} // 'DEFAULT', "\n";
