# Blocks in the call that is named until Ctrl-C has reached Perl's own handler: see tests/ctrl_c.
use v5.26;
use warnings;
use IPC::SysV qw(IPC_PRIVATE);
use Perlipc;
use Perlipc::Msg;
use Perlipc::Semaphore;

my $idle = Perlipc::cmd([qw(sleep 60)], die_with_parent => 'KILL');
my ($reader, $writer) = Perlipc::pipe();
my $remove;
sub removed { my ($object, $call) = @_; $remove = $object; $call->($object) }

my %calls = (
    getline => sub { $reader->getline },
    slurp => sub { $reader->slurp },
    eof => sub { $reader->eof },
    print => sub { $writer->print('x' x 2**20) },
    close => sub { Perlipc::open('-|', $idle)->close },
    wait => sub { Perlipc::start($idle)->wait },
    wait_any => sub { my $child = Perlipc::start($idle); Perlipc::wait_any() },
    run => sub { Perlipc::run($idle) },
    capture => sub { Perlipc::capture($idle) },
    expect => sub { $reader->expect(['never'], undef) },
    accept => sub { Perlipc::tcp_listen('127.0.0.1')->accept },
    connect => sub {
        my $listener = Perlipc::unix_listen("\@perlipc-perl-$$", 'backlog=0');
        my $first = Perlipc::unix_connect("\@perlipc-perl-$$");
        Perlipc::unix_connect("\@perlipc-perl-$$");
    },
    sem => sub { removed(Perlipc::Sem->create([0]), sub { $_[0]->take }) },
    semop => sub { removed(Perlipc::Semaphore->new(IPC_PRIVATE, 1, 0600), sub { $_[0]->op(0, -1, 0) }) },
    msgrcv => sub { removed(Perlipc::Msg->new(IPC_PRIVATE, 0600), sub { $_[0]->rcv(my $data, 10) }) },
    sleep => sub { Perlipc::Signal::sleep(60) },
    next => sub { Perlipc::Signal::queue('USR1'); Perlipc::Signal::next() },
);
if (!@ARGV) {
    say for sort keys %calls;
} else {
    $| = 1;
    local $SIG{INT} = sub { die "interrupted\n" };
    say 'ready';
    eval { $calls{ $ARGV[0] }->() };
    my $said = $@;
    $remove->remove if $remove;
    print $said;
}
