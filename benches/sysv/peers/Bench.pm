# What the Perl contenders share: the same as bench.h.
package Bench;
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use Exporter 'import';
our @EXPORT = qw(often ping_pong);

# `$op` does it `$count` times.
sub often {
    my ($op, $count) = @_;
    my $box = $ENV{BENCH_BOX} || 0.1;
    $op->() for 1, 2;
    my @took;
    my $begin = my $from = clock_gettime(CLOCK_MONOTONIC);
    do {
        $op->();
        my $to = clock_gettime(CLOCK_MONOTONIC);
        push @took, $to - $from;
        $from = $to;
    } while ($from < $begin + $box);
    @took = sort { $a <=> $b } @took;
    printf "%.4f\n", $took[@took / 4] * 1e9 / $count;
}

# A child does `$theirs` without an end.
sub ping_pong {
    my ($theirs, $ours) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) { $theirs->() while 1 }
    often(sub { $ours->() for 1 .. 100 }, 100);
    kill KILL => $pid;
    waitpid $pid, 0;
}

1;
