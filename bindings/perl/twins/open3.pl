# open2 and open3 as their manual pages have them, and what they say when something is wrong.
use strict;
use warnings;
use IPC::Open2;
use IPC::Open3;
use Symbol 'gensym';

$| = 1;

# The synopses.
my $pid = open3(my $chld_in, my $chld_out, my $chld_err = gensym, 'sh', '-c', 'cat; echo no >&2; exit 3');
print $chld_in "hello\n";
close $chld_in;
print <$chld_out>, <$chld_err>;
print waitpid($pid, 0) == $pid ? 'waited ' : 'lost ', $? >> 8, "\n";

$pid = open3(my $shell_in, my $shell_out, undef, 'read line; echo "got $line" | tr a-z A-Z; exit 2');
print $shell_in "a line\n";
print scalar <$shell_out>;
waitpid $pid, 0;
print "$?\n";

open my $outfile, '>>', "/tmp/perlipc-twin.$$" or die "open failed: $!";
open my $infile, '<', $0 or die "open failed: $!";
$pid = open3('<&' . fileno $infile, '>&' . fileno $outfile, undef, 'head', '-n', '1');
waitpid $pid, 0;
open my $written, '<', "/tmp/perlipc-twin.$$" or die "open failed: $!";
print "written: ", <$written>;

# What is still in the buffer of any handle comes before what the child writes there.
print $outfile "buffered\n";
$pid = open3(my $logged_in, '>&' . fileno $outfile, undef, 'echo', 'by the child');
waitpid $pid, 0;
seek $written, 0, 1;
print "logged: ", <$written>;
unlink "/tmp/perlipc-twin.$$";

print 'before ';
$pid = open3(my $in, '>&STDOUT', '>&STDERR', 'echo', 'to', 'stdout');
waitpid $pid, 0;

$pid = open2(my $reader, my $writer, 'cat', '-u', '-n');
for (1 .. 3) {
    print $writer "stuff\n";
    print scalar <$reader>;
}
close $writer;
waitpid $pid, 0;
print "$?\n";

# Bareword handles, names, one handle for both outputs, numbers.
{
    no warnings 'once';
    $pid = open3(\*WRITER, \*READER, \*READER, 'sh', '-c', 'cat; echo both >&2');
    print WRITER "both of them\n";
    close WRITER;
    print sort <READER>;
    waitpid $pid, 0;
    $pid = open3('NAMED_IN', 'NAMED_OUT', '', 'cat');
    print NAMED_IN "named\n";
    close NAMED_IN;
    print <NAMED_OUT>;
    waitpid $pid, 0;
    print fileno(NAMED_OUT) > 2 ? "a handle of Perl's\n" : "none\n";
}
open my $duplicate, '>&', \*STDOUT or die;
$pid = open3('<&STDIN', '>&' . fileno $duplicate, undef, 'echo', 'by number');
waitpid $pid, 0;
print defined fileno STDIN ? "STDIN is open\n" : "STDIN was given away\n";

# The child goes on in this program.
$pid = open3(my $to, my $from, undef, '-');
if ($pid == 0) {
    my $line = <STDIN>;
    print "the child got $line";
    exit 7;
}
print $to "a line of the parent's\n";
close $to;
print <$from>;
waitpid $pid, 0;
print $? >> 8, "\n";

# A signal's death, and an end while the writer has not written.
$pid = open2($reader, $writer, 'kill -TERM $$');
waitpid $pid, 0;
print $? & 127, "\n";
{
    local $SIG{PIPE} = sub { print "SIGPIPE\n" };
    print {$writer} "nobody reads\n" or print "print: $!\n";
    close $writer or print "close: $!\n";
}

# Mistakes.
for my $mistake (
    sub { open3(my $a, my $b, undef, '/no/such/program', 'x') },
    sub { open2(my $a, my $b, '/no/such/program') },
    sub { open3(my $a, my $b, undef, '/etc/passwd') },
    sub { open3(my $a, my $b) },
    sub { open3('', my $b, undef, 'true') },
    sub { open2(my $a, '', 'true') },
    sub { open3(my $a, my $b, undef, '-', 'x') },
) {
    local $! = 0;
    eval { $mistake->(); 1 } and print "no error\n";
    print $! + 0, ' ', $@;
}
print wait(), "\n";
