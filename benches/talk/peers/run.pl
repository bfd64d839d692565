# IPC::Run.
use FindBin;
require "$FindBin::Bin/bench.pl";
use strict;
use warnings;
use IPC::Run qw(run);
our ($what, $mib, $input);

exit 77 unless defined $mib;
often(sub {
    my $out;
    run ["/bin/cat"], \$input, \$out or die "status";
    $out eq $input or die "bytes";
});
