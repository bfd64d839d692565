package Perlipc::Open3;

# IPC::Open3's interface: the handles are Perl's own, the pid is the caller's to wait for. The program is started without a
# fork of this process: however much memory that has, it costs the same, and what cannot be run is told by the library.

use v5.26;
use warnings;
no strict 'refs'; # handles may be names
use Carp;
use Exporter 'import';
use FFI::Platypus 2.00;
use IO::Handle;
use Perlipc;
use Symbol qw(gensym qualify);

our $VERSION = $Perlipc::VERSION;
our @EXPORT = 'open3';

# The children that nobody has waited for. While their handle lives, the library leaves them to the program's waitpid.
my %kept;

# What Perl's own fork does first, by the interpreter's own function: all handles are flushed. Where the interpreter does not
# give it, those that a child has in any case.
my $flush_all = do {
    my $perl = FFI::Platypus->new(api => 2, lib => [undef]);
    my ($context, $flush) = map { eval { $perl->function(@$_) } }
        [Perl_get_context => [] => 'opaque'], [Perl_my_fflush_all => ['opaque'] => 'sint32'];
    $context && $flush ? sub { $flush->call($context->call) } : sub { STDOUT->flush; STDERR->flush };
};

sub open3 {
    no warnings 'uninitialized';
    croak 'open3(' . join(', ', @_) . '): not enough arguments' if @_ < 4;
    use warnings;
    return start('open3', @_);
}

# A descriptor: of a handle, by a name too, or a number ("=3", "3").
sub descriptor { $_[0] =~ /\A=?(\d+)\z/ ? $1 : fileno $_[0] }

sub shut {
    my ($me, $handle, $mode) = @_;
    if ($handle =~ /\A=?(\d+)\z/) {
        my $number = $1;
        my $own;
        return 1 if open($own, "$mode&=", $number) && close $own;
    } elsif (close $handle) {
        return 1;
    }
    croak "$me: close($handle) failed: $!";
}

# For open2 and open3: writer, reader, error handle and command. @_ are the caller's own variables still.
sub start {
    my $me = shift;
    splice @_, $_, 1, undef for grep { \$_[$_] == \undef } 0, 1;
    for (@_[0, 1]) {
        next if defined && length;
        # Carp adds the place again.
        eval { $_ = gensym; 1 } or croak "$me: " . $@ =~ s/(?<=value attempted) at .*//sr;
    }
    my @ends = (@_[0, 1], $_[2] || $_[1]);
    my @command = @_[3 .. $#_];
    croak "Arguments don't make sense when the command is '-'" if @command > 1 && $command[0] eq '-';
    my $together = $ends[1] eq $ends[2];

    # What each of the child's 0, 1 and 2 is: the end of a pipe, or what the caller has open already.
    my (@child, @dup, $package);
    for my $fd (0 .. 2) {
        $dup[$fd] = $ends[$fd] =~ s/^[<>]&//;
        if ($ends[$fd] !~ /\A=?\d+\z/) {
            $package //= caller 1;
            $ends[$fd] = qualify $ends[$fd], $package;
        }
        next if $dup[$fd] || $fd == 2 && $together;
        my $end = $child[$fd] = gensym;
        (!$fd ? pipe $end, $ends[$fd] : pipe $ends[$fd], $end) or croak "$me: pipe failed: $!";
    }
    my @fd = map { $child[$_] ? fileno $child[$_] : descriptor($ends[$_]) } 0 .. 2;
    $fd[2] = $fd[1] if $together;
    # What this process has printed comes before what the child prints.
    $flush_all->();

    my $pid = $command[0] eq '-' ? forked($me, \@fd, \@ends, \@dup) : started($me, \@fd, \@command);
    return 0 unless $pid;
    close $_ for grep { $_ } @child;
    shut($me, $ends[0], '<') if $dup[0];
    select((select($ends[0]), $| = 1)[0]) unless $dup[0];
    return $pid;
}

sub started {
    my ($me, $fd, $command) = @_;
    for (keys %kept) {
        # Waited for, and the number is free.
        Perlipc::ipc_child_free(delete $kept{$_}) if !kill(0, $_) && $!{ESRCH};
    }
    my $cmd = Perlipc::cmd(@$command > 1 ? $command : $command->[0]);
    for my $number (0 .. 2) {
        if (defined $fd->[$number]) { Perlipc::ipc_cmd_pass($cmd->{handle}, $number, $fd->[$number]) }
        else { Perlipc::ipc_cmd_redirect($cmd->{handle}, $number, 'close') }
    }
    my $pid = Perlipc::ipc_cmd_start($cmd->{handle}, \my $child);
    if ($pid < 0) {
        my $step = Perlipc::ipc_error_last_step();
        $! = Perlipc::ipc_error_errno($pid);
        croak $step eq 'exec' ? "$me: exec of @$command failed: $!" : "$me: $step failed: $!";
    }
    $kept{$pid} = $child;
    return $pid;
}

# The command "-": this program goes on in the child, as at Perl's own open with "-|".
sub forked {
    my ($me, $fd, $ends, $dup) = @_;
    my $pid = fork // croak "$me: fork failed: $!";
    return $pid if $pid;
    # The child's ends are dup'ed before any of 0, 1 and 2 is overwritten.
    my @mode = ('<', '>', '>');
    my @copy = map { open(my $copy, "$mode[$_]&", $fd->[$_]) or croak "$me: open failed: $!"; $copy } 0 .. 2;
    close $ends->[$_] for grep { !$dup->[$_] && $ends->[$_] !~ /\A=?\d+\z/ } 0 .. 1;
    my @own = (\*STDIN, \*STDOUT, \*STDERR);
    open($own[$_], "$mode[$_]&", $copy[$_]) or croak "$me: open failed: $!" for 0 .. 2;
    return 0;
}

1;
