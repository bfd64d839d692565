# %SIG.
use strict;
use warnings;
use POSIX qw(sigsuspend SIGUSR1 SIG_BLOCK sigprocmask);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $metric = shift // "";
my @kinds = qw(HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD CONT URG XCPU XFSZ VTALRM PROF WINCH);
my $came = 0;

sub often {
    my ($count, $op) = @_;
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
    printf "%.4f\n", $took[@took / 4] / $count;
}

sub hear {
    sigsuspend(POSIX::SigSet->new) until $came;
    $came = 0;
}

my %metrics = (
    self => sub {
        often(64, sub { for (1 .. 64) { kill USR1 => $$; $came == 1 or die "came"; $came = 0 } });
    },
    burst => sub {
        $SIG{$_} = sub { $came++ } for @kinds;
        often(1, sub { kill $_ => $$ for @kinds; $came == 16 or die "came"; $came = 0 });
    },
    pp => sub {
        sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1));
        my $me = $$;
        my $other = fork // die "fork";
        if (!$other) {
            while (getppid == $me) { hear(); kill USR1 => $me }
            POSIX::_exit(0);
        }
        often(64, sub { for (1 .. 64) { kill USR1 => $other; hear() } });
        kill KILL => $other;
        waitpid $other, 0;
    },
);

exit 77 unless $metrics{$metric};
$SIG{USR1} = sub { $came++ };
$metrics{$metric}->();
