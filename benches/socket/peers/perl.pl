# Perl's own sockets, and the manual's servers.
use strict;
use warnings;
use Socket qw(:all);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $metric = shift // "";
my $bin = $ENV{BENCH_BIN} // ".";
my ($data, $lines, @started) = ("\0" x 64, 2_000_000);

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

sub echo {
    push @started, open(my $from, "-|", "$bin/echo", $_[0]) || die "echo: $!";
    chomp(my $said = <$from>);
    no warnings "once";
    push @main::kept, $from;
    return $said;
}

sub load {
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    exec "$bin/load", @_;
    die "load: $!";
}

sub tcp {
    my $sock;
    socket($sock, PF_INET, SOCK_STREAM, 0) && connect($sock, sockaddr_in($_[0], INADDR_LOOPBACK)) or die "connect: $!";
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    return $sock;
}

sub unix_to {
    my $path = echo($_[0]);
    my $sock;
    socket($sock, PF_UNIX, SOCK_STREAM, 0) && connect($sock, sockaddr_un($path)) or die "connect: $!";
    unlink $path;
    return $sock;
}

sub ping {
    my ($sock) = @_;
    often(sub {
        syswrite($sock, $data) == 64 or die "write: $!";
        my $got = 0;
        while ($got < 64) { $got += sysread($sock, my $back, 64 - $got) || die "read: $!" }
    });
}

sub listener {
    my $sock;
    socket($sock, PF_INET, SOCK_STREAM, 0) && bind($sock, sockaddr_in(0, INADDR_LOOPBACK)) && listen($sock, SOMAXCONN)
        or die "listen: $!";
    return $sock, (sockaddr_in(getsockname $sock))[0];
}

sub answer {
    my ($client) = @_;
    my $line = <$client>;
    print $client $line if defined $line;
    close $client;
}

my %metrics = (
    tcp_pp => sub { ping(tcp(echo("tcp"))) },
    unix_pp => sub { ping(unix_to("unix")) },
    udp_pp => sub {
        my $sock;
        socket($sock, PF_INET, SOCK_DGRAM, 0) && connect($sock, sockaddr_in(echo("udp"), INADDR_LOOPBACK)) or die "udp: $!";
        my $back;
        often(sub {
            defined(send $sock, $data, 0) && defined(recv $sock, $back, 65536, 0) && length($back) == 64 or die "udp: $!";
        });
    },
    tcp_conn => sub { my $port = echo("sink"); often(sub { close tcp($port) }) },
    unix_lines => sub {
        my $sock = unix_to("lines");
        once($lines, sub { my $n = 0; $n++ while <$sock>; $n == $lines or die "lines" });
    },
    udp_batch => sub {
        my ($to, $from);
        socket($to, PF_INET, SOCK_DGRAM, 0) && bind($to, sockaddr_in(0, INADDR_LOOPBACK)) or die "udp: $!";
        socket($from, PF_INET, SOCK_DGRAM, 0) && connect($from, getsockname $to) or die "udp: $!";
        often(sub {
            for (1 .. 32) { defined send $from, $data, 0 or die "send: $!" }
            for (1 .. 32) { defined recv $to, my $got, 64, 0 or die "recv: $!" }
        });
    },
    pp1 => sub {
        my ($sock, $port) = listener();
        my $pid = load("pp1", $port);
        accept(my $client, $sock) or die "accept: $!";
        setsockopt $client, IPPROTO_TCP, TCP_NODELAY, 1;
        while (sysread $client, my $got, 65536) { syswrite $client, $got }
        waitpid $pid, 0;
    },
    conn_prefork => sub {
        my ($sock, $port) = listener();
        my @workers;
        for (1 .. 4) {
            my $pid = fork // die "fork: $!";
            unless ($pid) { while (accept my $client, $sock) { answer($client) } }
            push @workers, $pid;
        }
        my $pid = load("conn", $port);
        local $SIG{TERM} = sub { kill KILL => @workers; waitpid $_, 0 for @workers, $pid; exit 0 };
        sleep 1 while 1;
    },
    conn_fork => sub {
        my ($sock, $port) = listener();
        my $load = load("conn", $port);
        local $SIG{TERM} = sub { exit 0 };
        local $SIG{CHLD} = "IGNORE";
        while (1) {
            accept(my $client, $sock) or next;
            my $pid = fork // die "fork: $!";
            unless ($pid) { answer($client); exit 0 }
            close $client;
        }
    },
);
exit 77 unless $metrics{$metric};
$metrics{$metric}->();
kill KILL => @started;
