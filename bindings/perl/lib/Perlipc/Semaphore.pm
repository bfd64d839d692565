package Perlipc::Semaphore;

# IPC::Semaphore's interface. A handler of %SIG runs while op waits; op then fails with EINTR, as Perl's semop.

use v5.26;
use warnings;
use Carp;
use FFI::Platypus::Buffer qw(scalar_to_buffer);
use Perlipc::SysV qw(twin answer truth number id_of stat_class stat_of change);

our $VERSION = $Perlipc::VERSION;
twin('Perlipc::Semaphore');
stat_class('Perlipc::Semaphore::stat', qw(uid gid cuid cgid mode ctime otime nsems));

sub new {
    @_ == 4 or croak 'IPC::Semaphore->new( KEY, NSEMS, FLAGS )';
    my ($class, @what) = @_;
    my $id = number(Perlipc::ipc_sem_get(@what));
    return defined $id ? bless \$id, $class : undef;
}

sub id { ${ $_[0] } }

sub remove {
    my ($self) = @_;
    my $result = answer(Perlipc::ipc_sem_remove(id_of($$self)));
    undef $$self;
    return $result;
}

sub getncnt {
    @_ == 2 or croak '$sem->getncnt( SEM )';
    return number(Perlipc::ipc_sem_waiting(id_of(${ $_[0] }), $_[1], 0));
}

sub getzcnt {
    @_ == 2 or croak '$sem->getzcnt( SEM )';
    return number(Perlipc::ipc_sem_waiting(id_of(${ $_[0] }), $_[1], 1));
}

sub getval {
    @_ == 2 or croak '$sem->getval( SEM )';
    return number(Perlipc::ipc_sem_value(id_of(${ $_[0] }), $_[1]));
}

sub getpid {
    @_ == 2 or croak '$sem->getpid( SEM )';
    return number(Perlipc::ipc_sem_pid(id_of(${ $_[0] }), $_[1]));
}

sub op {
    @_ >= 4 or croak '$sem->op( OPLIST )';
    my ($self, @ops) = @_;
    croak 'Bad arg count' if @ops % 3;
    my $triples = pack 's*', @ops;
    return truth(Perlipc::ipc_sem_op(id_of($$self), (scalar_to_buffer $triples)[0], @ops / 3, -1));
}

sub stat { stat_of('Perlipc::Semaphore::stat', \&Perlipc::ipc_sem_stat, ${ $_[0] }) }

sub set {
    my ($self, @args) = @_;
    my $result = change($self, \&Perlipc::ipc_sem_change, $$self, [qw(uid gid mode)], @args);
    return defined $result ? 0 + $result : undef;
}

sub getall {
    my ($self) = @_;
    my $count = Perlipc::ipc_sem_stat(id_of($$self), 'nsems');
    return () if !defined answer($count);
    my $values = "\0" x (4 * $count);
    my $result = answer(Perlipc::ipc_sem_values(id_of($$self), (scalar_to_buffer $values)[0], $count));
    return defined $result ? unpack 'l*', $values : ();
}

sub setall {
    my ($self, @values) = @_;
    my $values = pack 'l*', @values;
    return answer(Perlipc::ipc_sem_set_values(id_of($$self), (scalar_to_buffer $values)[0], scalar @values));
}

sub setval {
    @_ == 3 or croak '$sem->setval( SEM, VAL )';
    my ($self, $index, $value) = @_;
    return answer(Perlipc::ipc_sem_set(id_of($$self), $index, $value));
}

1;
