package Perlipc::Msg;

# IPC::Msg's interface. A handler of %SIG runs while snd and rcv wait; they then fail with EINTR, as Perl's own.

use v5.26;
use warnings;
use Carp;
use FFI::Platypus::Buffer qw(scalar_to_buffer);
use Perlipc::SysV qw(twin answer truth number id_of stat_class stat_of change);

our $VERSION = $Perlipc::VERSION;
twin('Perlipc::Msg');
stat_class('Perlipc::Msg::stat', qw(uid gid cuid cgid mode qnum qbytes lspid lrpid stime rtime ctime));

sub new {
    @_ == 3 or croak 'IPC::Msg->new( KEY , FLAGS )';
    my ($class, @what) = @_;
    my $id = number(Perlipc::ipc_msg_get(@what));
    return defined $id ? bless \$id, $class : undef;
}

sub id { ${ $_[0] } }
sub stat { stat_of('Perlipc::Msg::stat', \&Perlipc::ipc_msg_stat, ${ $_[0] }) }

sub set {
    my ($self, @args) = @_;
    return change($self, \&Perlipc::ipc_msg_change, $$self, [qw(uid gid mode qbytes)], @args);
}

sub remove {
    my ($self) = @_;
    my $result = answer(Perlipc::ipc_msg_remove(id_of($$self)));
    undef $$self;
    return $result;
}

sub rcv {
    @_ >= 3 && @_ <= 5 or croak '$msg->rcv( BUF, LEN, TYPE, FLAGS )';
    my ($self, undef, $length, $type, $flags) = @_;
    my $data = "\0" x $length;
    my $got = Perlipc::ipc_msg_recv(id_of($$self), $type || 0, (scalar_to_buffer $data)[0], $length, $flags || 0, -1, \my $of);
    return if !defined answer($got);
    $_[1] = substr $data, 0, $got < $length ? $got : $length;
    return $of;
}

sub snd {
    @_ >= 3 && @_ <= 4 or croak '$msg->snd( TYPE, BUF, FLAGS )';
    my ($self, $type, $data, $flags) = @_;
    return truth(Perlipc::ipc_msg_send(id_of($$self), $type, scalar_to_buffer($data), $flags || 0, -1));
}

1;
