use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our $what = shift // "";
our ($mib) = $what =~ /^cat_(\d+)$/;
our $input = defined $mib ? substr("0123456789abcdef" x ($mib << 16 || 2), 0, $mib << 20 || 20) : "";

sub often {
    my ($op) = @_;
    $op->() for 1, 2;
    my @took;
    my $begin = my $from = clock_gettime(CLOCK_MONOTONIC);
    while ($from - $begin < ($ENV{BENCH_BOX} // 0.1)) {
        $op->();
        my $to = clock_gettime(CLOCK_MONOTONIC);
        push @took, ($to - $from) * 1e9;
        $from = $to;
    }
    @took = sort { $a <=> $b } @took;
    printf "%.2f\n", $took[@took / 4];
}
1;
