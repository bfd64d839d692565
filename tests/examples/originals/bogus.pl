$SIG{PIPE} = 'IGNORE';
open(FH, "|bogus") || print "open: $!\n";
open(FH, "|bogus 2>/dev/null; exit \$?") || die;
select FH; $| = 1; select STDOUT;
1 while print FH "bang\n";
print "print: $!\n";
close FH;
print "close: exited with ", $? >> 8, "\n";
