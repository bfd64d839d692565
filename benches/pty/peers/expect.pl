# Expect.pm; searches beyond 1 MiB take minutes.
use strict;
use warnings;
use Expect;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $metric = shift // "";
my $teller = ($ENV{BENCH_BIN} // ".") . "/teller";
$Expect::Log_Stdout = 0;

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

sub find {
    my ($mib, @pattern) = @_;
    my $from = clock_gettime(CLOCK_MONOTONIC);
    my $e = Expect->spawn($teller, "flood", $mib) or die;
    $e->expect(undef, @pattern) or die "not found";
    $e->expect(undef, "eof");
    $e->soft_close;
    printf "%.4f\n", (clock_gettime(CLOCK_MONOTONIC) - $from) * 1e9 / $mib;
}

my %metrics = (
    spawn => sub {
        often(sub {
            my $e = Expect->spawn($teller, "hi") or die;
            $e->expect(undef, "hi") or die "not found";
            $e->soft_close;
            die "status" if $e->exitstatus;
        });
    },
    talk => sub {
        my $e = Expect->new;
        $e->raw_pty(1);
        $e->spawn($teller, "answer") or die;
        often(sub { $e->send("ping\n"); $e->expect(undef, "pong\n") or die "not found" });
        $e->hard_close;
    },
    fixed_1 => sub { find(1, "needle42") },
    regex_1 => sub { find(1, -re => 'n[e]+dle(\d+)') },
);
exit 77 unless $metrics{$metric};
$metrics{$metric}->();
