package Perlipc::SharedMem;

# IPC::SharedMem's interface. Read and written without attaching each time; see attach for memory that stays.

use v5.26;
use warnings;
use Carp;
use Errno ();
use FFI::Platypus::Buffer qw(scalar_to_buffer grow set_used_length);
use FFI::Platypus::Memory qw(memcpy);
use Perlipc::SysV qw(twin answer truth number stat_class stat_of);

our $VERSION = $Perlipc::VERSION;
twin('Perlipc::SharedMem');
stat_class('Perlipc::SharedMem::stat', qw(uid gid cuid cgid mode segsz lpid cpid nattch atime dtime ctime));

sub new {
    @_ == 4 or croak 'IPC::SharedMem->new(KEY, SIZE, FLAGS)';
    my ($class, @what) = @_;
    my $id = number(Perlipc::ipc_shm_get(@what));
    return defined $id ? bless { id => $id, removed => 0 }, $class : undef;
}

sub id { $_[0]{id} }
# For pack('P'); undef while nothing is attached.
sub addr { $_[0]{addr} }
sub is_removed { $_[0]{removed} }

sub stat {
    my ($self) = @_;
    # What read and write keep attached is no attachment that the program knows of.
    Perlipc::ipc_shm_forget($self->id);
    return stat_of('Perlipc::SharedMem::stat', \&Perlipc::ipc_shm_stat, $self->id);
}

sub attach {
    @_ >= 1 && @_ <= 2 or croak '$shm->attach([FLAG])';
    my ($self, $flags) = @_;
    return undef if defined $self->addr;
    my $result = Perlipc::ipc_shm_attach_at($self->id, undef, $flags || 0, \my $address);
    $self->{addr} = pack 'J', $address if defined answer($result);
    return defined $self->addr;
}

sub detach {
    my ($self) = @_;
    return undef if !defined $self->addr;
    my $result = defined answer(Perlipc::ipc_shm_detach(unpack 'J', $self->addr));
    undef $self->{addr} if $result;
    return $result;
}

sub remove {
    my ($self) = @_;
    return undef if $self->is_removed;
    my $result = answer(Perlipc::ipc_shm_remove($self->id));
    $self->{removed} = 1 if $result;
    return $result;
}

sub read {
    @_ == 3 or croak '$shm->read(POS, SIZE)';
    my ($self, $pos, $size) = @_;
    if (defined $self->addr) {
        return unpack "P$size", pack 'J', $pos + unpack 'J', $self->addr;
    }
    return answer(-Errno::EFAULT) if $pos < 0 || $size < 0;
    my $data = "\0" x $size;
    return defined answer(Perlipc::ipc_shm_read($self->id, (scalar_to_buffer $data)[0], $pos, $size)) ? $data : undef;
}

sub write {
    @_ == 4 or croak '$shm->write(STRING, POS, SIZE)';
    my ($self, $string, $pos, $size) = @_;
    return truth(-Errno::EFAULT) if $pos < 0 || $size < 0;
    # Cut or filled up with NULs, as Perl's.
    my $data = pack "a$size", $string;
    my ($from) = scalar_to_buffer $data;
    if (defined $self->addr) {
        memcpy($pos + unpack('J', $self->addr), $from, $size);
        return 1;
    }
    return truth(Perlipc::ipc_shm_write($self->id, $from, $pos, $size));
}

sub DESTROY { Perlipc::ipc_shm_forget($_[0]{id}) }

1;
