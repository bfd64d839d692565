# Perl: open2, and open2 with select.
use FindBin;
require "$FindBin::Bin/bench.pl";
use strict;
use warnings;
use IO::Select;
use IPC::Open2;
our ($what, $mib, $input);

if ($what eq "echo") {
    my $pid = open2(my $reader, my $writer, ($ENV{BENCH_BIN} // ".") . "/echo");
    often(sub {
        print $writer "a line of thirty-two characters\n";
        length(<$reader>) == 32 or die "line";
    });
    close $writer;
    waitpid $pid, 0;
    exit;
}
exit 77 unless defined $mib;
often(sub {
    my $pid = open2(my $reader, my $writer, "/bin/cat");
    $writer->blocking(0);
    my ($fed, $out) = (0, "");
    my ($in, $to) = (IO::Select->new($reader), IO::Select->new($writer));
    while (1) {
        my ($r, $w) = IO::Select->select($in, $to);
        if (@$w) {
            my $n = syswrite $writer, $input, 1 << 16, $fed;
            $fed += $n // 0;
            if ($fed == length $input) { $to->remove($writer); close $writer }
        }
        if (@$r) {
            sysread($reader, $out, 1 << 16, length $out) or last;
        }
    }
    waitpid $pid, 0;
    $out eq $input or die "bytes";
});
