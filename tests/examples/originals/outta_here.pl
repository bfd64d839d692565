# die ends with $! as its code.
$SIG{INT} = sub { die "\nOutta here!\n" };
pipe READER, WRITER;
$| = 1;
print "waiting\n";
<READER>;
