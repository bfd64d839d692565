package Perlipc::SysV;

# What Perlipc::Semaphore, SharedMem and Msg share: Perl's results (undef and $!, "0 but true") of the library's, and stat.

use v5.26;
use warnings;
use Carp;
use Errno qw(EINVAL);
use Exporter 'import';
use Perlipc;

# Mistakes are those of whoever called the classes.
our @CARP_NOT = map { "Perlipc::$_" } qw(Semaphore SharedMem Msg);
our @EXPORT_OK = qw(twin answer truth number id_of stat_class stat_of change);

# The name of the class that this one stands in for: a program that says `use Perlipc::Semaphore` may still say
# IPC::Semaphore->new. Where that module is loaded too, the name is its own.
sub twin {
    my ($class) = @_;
    my $name = $class =~ s/^Perlipc/IPC/r;
    no strict 'refs';
    push @{"${name}::ISA"}, $class unless $name->can('new');
}

# What Perl's own System V functions give: undef and $! on failure, and 0 is true.
sub answer {
    my ($result) = @_;
    if ($result < 0) {
        $! = Perlipc::ipc_error_errno($result);
        return undef;
    }
    return $result || '0 but true';
}

# What semop, msgsnd and shmwrite give: 1, or 0 and $!.
sub truth { defined answer($_[0]) ? 1 : 0 }

# The same as a plain number.
sub number { my $answer = answer($_[0]); defined $answer ? 0 + $answer : undef }

# After remove there is no id.
sub id_of { $_[0] // -1 }

# A class of what is known of an object: its fields, each to read and to set.
sub stat_class {
    my ($class, @fields) = @_;
    no strict 'refs';
    *{"${class}::new"} = sub { my $self = bless {}, shift; my %of = @_; @$self{keys %of} = values %of; $self };
    *{"${class}::fields"} = sub { @fields };
    for my $field (@fields) {
        *{"${class}::$field"} = sub { my $self = shift; $self->{$field} = shift if @_; $self->{$field} };
    }
}

sub stat_of {
    my ($class, $call, $id) = @_;
    my %of;
    for my $field ($class->fields) {
        my $value = $call->(id_of($id), $field);
        return answer($value) if $value < 0;
        $of{$field} = $value;
    }
    return $class->new(%of);
}

# set: a stat, or pairs of names and values. What cannot be changed is passed over, as the kernel passes it over.
sub change {
    my ($self, $call, $id, $fields, @args) = @_;
    my $stat = $args[0];
    if (@args != 1) {
        croak 'Bad arg count' if @args % 2;
        $stat = $self->stat or return undef;
        while (my ($name, $value) = splice @args, 0, 2) { $stat->$name($value) }
    }
    for my $field (@$fields) {
        my $value = $stat->$field;
        $value &= 0777 if $field eq 'mode';
        my $result = $call->(id_of($id), $field, $value);
        return answer($result) if $result < 0;
    }
    return '0 but true';
}

1;
