# What Perl itself offers: system, backticks, <FH>.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $metric = shift // "";
my $bin = $ENV{BENCH_BIN} // ".";
my $memory;
if ($ENV{BENCH_TOUCH}) {
    $memory = "";
    vec($memory, $ENV{BENCH_TOUCH} - 1, 8) = 1;
}

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

sub once {
    my ($count, $op) = @_;
    my $from = clock_gettime(CLOCK_MONOTONIC);
    $op->();
    printf "%.4f\n", (clock_gettime(CLOCK_MONOTONIC) - $from) * 1e9 / $count;
}

my %metrics = (
    tiny => sub { often(sub { system({"$bin/tiny"} "$bin/tiny") and die "status" }) },
    true => sub { often(sub { system({"/bin/true"} "/bin/true") and die "status" }) },
    line => sub { often(sub { length(`$bin/talk line`) == 3 or die "bytes" }) },
    bytes => sub { once(1, sub { my $all = `$bin/talk bytes 67108864`; length($all) == 64 << 20 or die "bytes" }) },
    lines_calls => sub {
        once(5e6, sub {
            my $count = 0;
            open(my $from, "-|", "$bin/talk", "lines", "5000000") or die "open: $!";
            $count++ while <$from>;
            close($from) && $count == 5e6 or die "lines";
        });
    },
    lines_grep => sub {
        once(5e6, sub {
            open(my $from, "-|", "$bin/talk", "lines", "5000000") or die "open: $!";
            my @found;
            while (my $line = <$from>) { push @found, $line if index($line, "line") >= 0 }
            close($from) && @found or die "words";
        });
    },
    lines_split => sub {
        once(5e6, sub {
            my $count = 0;
            open(my $from, "-|", "$bin/talk", "lines", "5000000") or die "open: $!";
            while (my $line = <$from>) { my @fields = split " ", $line; $count++ if @fields }
            close($from) && $count == 5e6 or die "lines";
        });
    },
);
exit 77 unless $metrics{$metric};
$metrics{$metric}->();
