# The Perl binding: each noun once, its declarations against include/perlipc.json, what Perl's runtime adds, and the twins
# of the IPC modules beside those themselves: each program of twins/ says the same with its `use` lines changed.
use v5.26;
use warnings;
use FindBin;
use IO::Select;
use JSON::PP;
use Perlipc;

my @tests;
sub test { my ($name, $run) = @_; push @tests, [$name, $run] }

sub same {
    my ($is, $want) = map { ref eq 'ARRAY' ? join ' ', map { $_ // 'undef' } @$_ : $_ // 'undef' } @_;
    die "is $is, not $want at line " . (caller)[2] . "\n" if $is ne $want;
}

sub fails {
    my ($name, $call) = @_;
    eval { $call->(); 1 } and die "no $name at line " . (caller)[2] . "\n";
    my $error = $@;
    same(ref $error ? $error->name : $error, $name);
    return $error;
}

sub contents { CORE::open my $fh, '<', $_[0] or die "$_[0]: $!"; local $/; <$fh> }

test declarations => sub {
    my $surface = decode_json(contents("$FindBin::Bin/../../include/perlipc.json"));
    same([$_, $Perlipc::CONSTANTS{$_}], [$_, $surface->{constants}{$_}]) for sort keys %Perlipc::CONSTANTS;
    my %prototypes = map {
        my $args = join ', ', map { "$_->{type} $_->{name}" } @{ $_->{args} };
        ($_->{name} => "$_->{returns} $_->{name}(" . ($args || 'void') . ')' =~ s/\* /*/gr)
    } @{ $surface->{functions} };
    same(s/\* /*/gr, $prototypes{ (/(ipc_\w+)\(/)[0] } =~ s/\* /*/gr) for @Perlipc::PROTOTYPES;
    same(Perlipc::version(), $surface->{version});
};

test errors => sub {
    my $error = fails(ENOENT => sub { Perlipc::open2(['/no/such/program']) });
    same("$error", 'exec /no/such/program: No such file or directory');
    same([@$error{qw(step path errno)}, $!{ENOENT} ? 'set' : 'not set'], [qw(exec /no/such/program 2 set)]);
    fails(PERLIPC_E_INVALID => sub { Perlipc::open('no bar') });
    fails(ENOENT => sub { Perlipc::start(['true'], dir => '/no/such') });
    eval { Perlipc::start(["a\0b"]) };
    same($@ =~ /^a NUL in a command/, 1);
    eval { Perlipc::tcp_listen("127.0.0.1\0") };
    same($@ =~ /^ipc_tcp_listen: a text with a NUL inside/, 1);
    my $child = Perlipc::start(['sh', '-c', 'exit 4']);
    same([Perlipc::wait_pid($child->pid, 10)], [$child->pid, 'exited with 4']);
};

test signals => sub {
    Perlipc::Signal::queue('USR2');
    same(Perlipc::Signal::next(0), undef);
    Perlipc::Signal::kill('USR2', $$);
    same(Perlipc::Signal::next(10), 'USR2');
    my $sender = Perlipc::Signal::sender();
    same([@$sender{qw(pid uid count)}], [$$, $<, 1]);
    same(Perlipc::Signal::disposition('USR2'), 'QUEUE');
    Perlipc::Signal::default('USR2');
    same(Perlipc::Signal::number('SIGTERM'), 15);
    # Variables with magic are their values: a number that is taken for 0 would be the whole process group.
    'nobody 99999999' =~ /(\d+)/;
    fails(ESRCH => sub { Perlipc::Signal::kill('ZERO', $1) });
};

# A handler of %SIG that does not die: the call goes on.
test handlers_run_inside_calls => sub {
    my $ran = 0;
    local $SIG{USR1} = sub { $ran++ };
    local $SIG{CHLD} = sub { };
    same(Perlipc::capture("kill -USR1 $$; sleep 0.1; echo on")->{output}, "on\n");
    my $reader = Perlipc::open("kill -USR1 $$; sleep 0.1; echo on |");
    same($reader->getline, "on\n");
    same($reader->close->ok, 1);
    same($ran, 2);
};

test popen => sub {
    my $stream = Perlipc::open("printf 'one\\ntwo\\n'; exit 3 |");
    same([$stream->getlines], ["one\n", "two\n"]);
    my $status = $stream->close;
    same([$status->code, $status->signal, "$status", $? >> 8, $status->ok ? 1 : 0], [3, undef, 'exited with 3', 3, 0]);
    $stream = Perlipc::open('-|', ['echo', '$HOME;']);
    same($stream->slurp, "\$HOME;\n");
    same($stream->close->ok, 1);
    same(Perlipc::open('|-', ['sh', '-c', 'read x; [ $x = hello ]'])->print("hello\n")->close->ok, 1);
    my ($reader, $writer) = Perlipc::pipe();
    $reader->input_record_separator(':');
    $writer->print("a:\0:", 7);
    $writer->close;
    same([$reader->getlines], ['a:', "\0:", 7]);
    same(Perlipc::run('kill $$'), 'killed by TERM');
    # A handle of Perl's own.
    my $fh = Perlipc::open('-|', [qw(printf), 'a\nb\n'])->handle;
    same([<$fh>], ["a\n", "b\n"]);
};

test open2 => sub {
    my ($reader, $writer, $pid) = Perlipc::open2([qw(cat -u)]);
    same($reader->child->pid, $pid);
    for (1 .. 10) {
        $writer->print("stuff\n");
        same($reader->getline, "stuff\n");
    }
    $reader->timeout(0.02);
    fails(ETIMEDOUT => sub { $reader->getline });
    $reader->timeout(undef);
    $writer->close;
    same($reader->close, 'exited with 0');
    my (undef, $out, $err) = Perlipc::open3(['sh', '-c', 'echo out; echo err >&2']);
    same($out->slurp . $err->slurp, "out\nerr\n");
};

test capture => sub {
    my $said = Perlipc::capture(['sh', '-c', 'tr a-z A-Z; echo no >&2; exit 4'], "loud\n" x 1e5);
    same($said->{output} eq "LOUD\n" x 1e5, 1);
    same([@$said{qw(errors status)}], ["no\n", 'exited with 4']);
    my $error;
    for my $limit (0.2, 0.8, 3.2, 12.8) {    # as much time as it needs
        $error = fails(ETIMEDOUT => sub { Perlipc::capture('echo begun; exec sleep 60', '', $limit) });
        last if length $error->partial->{output};
    }
    same([@{ $error->partial }{qw(output status)}], ["begun\n", 'killed by TERM']);
    same(fails(ETIMEDOUT => sub { Perlipc::run([qw(sleep 60)], 0.02) })->partial, 'killed by TERM');
    same(Perlipc::capture(Perlipc::cmd('echo $A; pwd', env => { A => 'hello' }, dir => '/'))->{output}, "hello\n/\n");
};

test expect => sub {
    my $shell = Perlipc::pty(['sh', '-c', 'while read x; do echo "got $x."; done']);
    $shell->print("6*7\nsix\n");
    same($shell->expect(['nothing', qr/GOT (\w+)\./i], 10), 1);
    same([$shell->before, $shell->match, $shell->match(1)], ["got 6*7.\n", 'got six.', 'six']);
    fails(ETIMEDOUT => sub { $shell->expect(['nothing'], 0.01) });
    same($shell->expect(['nothing', \'timeout'], 0.01), 1);
    $shell->print("\cD");
    same($shell->expect([\'eof']), 0);
    same($shell->close->ok, 1);
};

test tcp => sub {
    my $listener = Perlipc::tcp_listen('127.0.0.1');
    my $client = Perlipc::tcp_connect('127.0.0.1', $listener->port, 10);
    my $server = $listener->accept(10);
    same([$server->peer, $listener->addr], [$client->addr, '127.0.0.1:' . $listener->port]);
    $client->print("question\n");
    $client->shutdown;
    same($server->slurp, "question\n");
    $server->print('answer');
    $server->close;
    same($client->slurp, 'answer');
    fails(ETIMEDOUT => sub { $listener->accept(0.01) });
};

test sem => sub {
    my $sem = Perlipc::Sem->create([1]);
    $sem->take;
    fails(ETIMEDOUT => sub { $sem->take(0, 0.01) });
    $sem->give;
    same($sem->value, 1);
    $sem->remove;
    fails(EINVAL => sub { $sem->value });
};

# The descriptors of streams, children and signals in Perl's own select.
test select => sub {
    my ($reader, $writer) = Perlipc::open2(['sh', '-c', 'read x; echo $x']);
    Perlipc::Signal::queue('USR2');
    my ($out, $child, $signal) = ($reader->fileno, $reader->child->fileno, Perlipc::Signal::fileno());
    my $select = IO::Select->new($out, $child, $signal);
    same([$select->can_read(0)], []);
    Perlipc::Signal::kill('USR2', $$);
    same([$select->can_read(10)], [$signal]);
    same(Perlipc::Signal::next(0), 'USR2');
    $writer->print("here\n");
    $writer->close;
    same((grep { $_ == $out } $select->can_read(10)) > 0, 1);
    same($reader->getline, "here\n");
    same([IO::Select->new($child)->can_read(10)], [$child]);
    same($reader->close->ok, 1);
    Perlipc::Signal::default('USR2');
};

# The twins: one and the same program with the modules of Perl and with ours, by changed `use` lines alone.
for my $path (sort glob "$FindBin::Bin/twins/*.pl") {
    my ($name) = $path =~ m{([^/]+)\.pl$};
    test "twin_$name" => sub {
        my $program = contents($path);
        my $ours = $program =~ s/^use IPC::(Open2|Open3|Semaphore|SharedMem|Msg);/use Perlipc::$1;/gmr;
        die "no use line in $path\n" if $ours eq $program;
        my ($core, $twin) = map {
            # One name for both, which what they say has.
            my $file = "/tmp/perlipc-twin-$$.pl";
            CORE::open my $fh, '>', $file or die "$file: $!";
            print $fh $_;
            CORE::close $fh;
            my $said = Perlipc::capture(['sh', '-c', 'exec "$@" 2>&1', 'sh', $^X, "-I$FindBin::Bin/lib", $file], '', 30);
            unlink $file;
            $said->{output} . $said->{status};
        } $program, $ours;
        die "Perl's says\n${core}\nours\n$twin\n" if $core ne $twin;
        die "only $core\n" if ($core =~ tr/\n//) < 15;
    };
}

# Perl's own wait and $SIG{CHLD} see the children of open3.
test children_of_open3 => sub {
    require Perlipc::Open3;
    my $ended = 0;
    local $SIG{CHLD} = sub { $ended++ };
    my @pids = map { Perlipc::Open3::open3(my $in, my $out, undef, 'sh', '-c', "exit $_") } 1 .. 5;
    my %code;
    for (1 .. 5) {
        my $pid = wait;
        $code{$pid} = $? >> 8;
    }
    same([@code{@pids}], [1 .. 5]);
    same(wait, -1);
    same($ended > 0, 1);
};

my ($passed, $failed) = (0, 0);
for (@tests) {
    my ($name, $run) = @$_;
    if (eval { $run->(); 1 }) {
        $passed++;
        say "perl: $name";
    } else {
        $failed++;
        say "FAILED perl: $name: $@";
    }
}
say "perl: $passed passed, $failed failed, 0 skipped";
exit($failed > 0);
