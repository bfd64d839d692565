package Perlipc;

# libperlipc by FFI::Platypus: what Perl's own open, fork and sockets have not - deadlines, expect, statuses that nobody can
# take away. See include/perlipc.h for what each call does; the names here are its nouns and verbs. Times are seconds, undef
# is no limit. Failures are thrown as Perlipc::Error, and $! is set. Perlipc::Open2, Open3, Semaphore, SharedMem and Msg have
# the interface of the IPC modules of those names.

use v5.26;
use warnings;
use Carp ();
use Errno qw(EINTR ERANGE ETIMEDOUT);
use FFI::Platypus 2.00;
use FFI::Platypus::Buffer qw(scalar_to_buffer buffer_to_scalar grow set_used_length);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use POSIX qw(ceil);

our $VERSION = '0.1.0';

# The functions of the library that are used here, as include/perlipc.h has them.
our @PROTOTYPES = split /\n/, <<'END';
const char *ipc_version_string(void)
const char *ipc_error_name(int32_t code)
const char *ipc_error_text(int32_t code)
int32_t ipc_error_errno(int32_t code)
int32_t ipc_error_last_code(void)
const char *ipc_error_last_text(void)
const char *ipc_error_last_step(void)
const char *ipc_error_last_path(void)
int32_t ipc_signal_number(const char *signal)
const char *ipc_signal_name(int32_t signo)
int32_t ipc_signal_queue(const char *signal)
int32_t ipc_signal_ignore(const char *signal)
int32_t ipc_signal_default(const char *signal)
const char *ipc_signal_disposition(const char *signal)
int32_t ipc_signal_next(int32_t timeout_ms)
int32_t ipc_signal_sender(int32_t *pid, uint32_t *uid, int64_t *value)
int32_t ipc_signal_dispatch(int32_t timeout_ms)
int32_t ipc_signal_fd(void)
int32_t ipc_signal_hosted(int32_t on)
int32_t ipc_signal_kill(const char *signal, int32_t pid)
int64_t ipc_signal_sleep(int64_t milliseconds)
ipc_cmd *ipc_cmd_argv(const char * const *argv)
ipc_cmd *ipc_cmd_shell(const char *command)
int32_t ipc_cmd_env(ipc_cmd *cmd, const char *name, const char *value)
int32_t ipc_cmd_env_clear(ipc_cmd *cmd)
int32_t ipc_cmd_dir(ipc_cmd *cmd, const char *path)
int32_t ipc_cmd_redirect(ipc_cmd *cmd, int32_t child_fd, const char *spec)
int32_t ipc_cmd_pass(ipc_cmd *cmd, int32_t child_fd, int32_t fd)
int32_t ipc_cmd_option(ipc_cmd *cmd, const char *name, const char *value)
int32_t ipc_cmd_grace(ipc_cmd *cmd, int32_t term_ms)
int32_t ipc_cmd_start(const ipc_cmd *cmd, ipc_child **out)
void ipc_cmd_free(ipc_cmd *cmd)
int32_t ipc_wait_any(int32_t timeout_ms, int32_t *status)
int32_t ipc_wait_pid(int32_t pid, int32_t timeout_ms, int32_t *status)
int32_t ipc_child_pid(const ipc_child *child)
int32_t ipc_child_fd(const ipc_child *child)
int32_t ipc_child_wait(ipc_child *child, int32_t timeout_ms, int32_t *status)
int32_t ipc_child_kill(ipc_child *child, const char *signal)
int32_t ipc_child_end(ipc_child *child, int32_t term_ms, int32_t *status)
void ipc_child_free(ipc_child *child)
int32_t ipc_status_code(int32_t status)
int32_t ipc_status_signal(int32_t status)
int32_t ipc_status_known(int32_t status)
int32_t ipc_status_text(int32_t status, char *text, size_t cap)
int64_t ipc_stream_read(ipc_stream *s, void *data, size_t cap)
int64_t ipc_stream_readline(ipc_stream *s, const char **line)
int64_t ipc_stream_write(ipc_stream *s, const void *data, size_t len)
int32_t ipc_stream_flush(ipc_stream *s)
int32_t ipc_stream_autoflush(ipc_stream *s, int32_t on)
int32_t ipc_stream_separator(ipc_stream *s, const void *data, size_t len)
int32_t ipc_stream_record(ipc_stream *s, size_t size)
int32_t ipc_stream_timeout(ipc_stream *s, int32_t timeout_ms)
int32_t ipc_stream_deadline(ipc_stream *s, int32_t timeout_ms)
int32_t ipc_stream_eof(ipc_stream *s)
int32_t ipc_stream_shutdown(ipc_stream *s)
int32_t ipc_stream_cancel(ipc_stream *s)
ipc_child *ipc_stream_child(ipc_stream *s)
int32_t ipc_stream_fd(const ipc_stream *s)
int32_t ipc_stream_adopt(int32_t fd, ipc_stream **out)
int32_t ipc_stream_release(ipc_stream *s)
int32_t ipc_stream_close(ipc_stream *s, int32_t *status)
int32_t ipc_stream_peer(const ipc_stream *s, char *addr, size_t cap)
int32_t ipc_stream_addr(const ipc_stream *s, char *addr, size_t cap)
void ipc_stream_free(ipc_stream *s)
int32_t ipc_pipe_new(ipc_stream **reader, ipc_stream **writer)
int32_t ipc_popen_open(const char *spec, ipc_stream **out)
int32_t ipc_popen_start(const ipc_cmd *cmd, const char *mode, ipc_stream **out)
int32_t ipc_open2(const ipc_cmd *cmd, ipc_stream **reader, ipc_stream **writer)
int32_t ipc_open3(const ipc_cmd *cmd, ipc_stream **writer, ipc_stream **reader, ipc_stream **error)
const void *ipc_capture_output(const ipc_capture *c, size_t *len)
const void *ipc_capture_errors(const ipc_capture *c, size_t *len)
int32_t ipc_capture_status(const ipc_capture *c)
void ipc_capture_free(ipc_capture *c)
int32_t ipc_pty_open(const ipc_cmd *cmd, int32_t rows, int32_t cols, ipc_stream **out)
ipc_expect *ipc_expect_new(void)
int32_t ipc_expect_text(ipc_expect *e, const void *data, size_t len)
int32_t ipc_expect_regex(ipc_expect *e, const char *pattern)
int32_t ipc_expect_eof(ipc_expect *e)
int32_t ipc_expect_timeout(ipc_expect *e)
int32_t ipc_expect_wait(const ipc_expect *e, ipc_stream *s, int32_t timeout_ms)
const void *ipc_expect_before(const ipc_stream *s, size_t *len)
const void *ipc_expect_match(const ipc_stream *s, int32_t group, size_t *len)
void ipc_expect_free(ipc_expect *e)
int32_t ipc_sem_create(int32_t key, const int32_t *values, int32_t count, uint32_t mode)
int32_t ipc_sem_open(int32_t key, const int32_t *values, int32_t count, uint32_t mode, int32_t timeout_ms)
int32_t ipc_sem_take(int32_t id, int32_t index, int32_t timeout_ms)
int32_t ipc_sem_give(int32_t id, int32_t index)
int32_t ipc_sem_value(int32_t id, int32_t index)
int32_t ipc_sem_remove(int32_t id)
int32_t ipc_tcp_connect(const char *host, const char *service, const char *options, int32_t timeout_ms, ipc_stream **out)
int32_t ipc_tcp_listen(const char *host, const char *service, const char *options, ipc_listener **out)
int32_t ipc_unix_connect(const char *path, const char *options, int32_t timeout_ms, ipc_stream **out)
int32_t ipc_unix_listen(const char *path, const char *options, ipc_listener **out)
int32_t ipc_listener_accept(ipc_listener *l, int32_t timeout_ms, ipc_stream **out)
int32_t ipc_listener_addr(const ipc_listener *l, char *addr, size_t cap)
int32_t ipc_listener_port(const ipc_listener *l)
int32_t ipc_listener_fd(const ipc_listener *l)
int32_t ipc_listener_cancel(ipc_listener *l)
void ipc_listener_free(ipc_listener *l)
int32_t ipc_capture_feed(ipc_stream *writer, const void *input, size_t len, ipc_stream *reader, ipc_stream *error, int32_t timeout_ms, ipc_capture **out)
int64_t ipc_capture_fed(const ipc_capture *c)
int32_t ipc_sem_get(int32_t key, int32_t count, uint32_t flags)
int32_t ipc_sem_op(int32_t id, const int16_t *triples, size_t count, int32_t timeout_ms)
int32_t ipc_sem_set(int32_t id, int32_t index, int32_t value)
int32_t ipc_sem_values(int32_t id, int32_t *values, int32_t cap)
int32_t ipc_sem_set_values(int32_t id, const int32_t *values, int32_t count)
int32_t ipc_sem_pid(int32_t id, int32_t index)
int32_t ipc_sem_waiting(int32_t id, int32_t index, int32_t for_zero)
int64_t ipc_sem_stat(int32_t id, const char *field)
int32_t ipc_sem_change(int32_t id, const char *field, int64_t value)
int32_t ipc_shm_get(int32_t key, size_t size, uint32_t flags)
int64_t ipc_shm_read(int32_t id, void *data, size_t pos, size_t len)
int64_t ipc_shm_write(int32_t id, const void *data, size_t pos, size_t len)
int32_t ipc_shm_forget(int32_t id)
int32_t ipc_shm_attach_at(int32_t id, const void *at, uint32_t flags, void **addr)
int32_t ipc_shm_detach(void *addr)
int64_t ipc_shm_stat(int32_t id, const char *field)
int32_t ipc_shm_change(int32_t id, const char *field, int64_t value)
int32_t ipc_shm_remove(int32_t id)
int32_t ipc_msg_get(int32_t key, uint32_t flags)
int32_t ipc_msg_send(int32_t id, int64_t type, const void *data, size_t len, uint32_t flags, int32_t timeout_ms)
int64_t ipc_msg_recv(int32_t id, int64_t type, void *data, size_t cap, uint32_t flags, int32_t timeout_ms, int64_t *got_type)
int64_t ipc_msg_stat(int32_t id, const char *field)
int32_t ipc_msg_change(int32_t id, const char *field, int64_t value)
int32_t ipc_msg_remove(int32_t id)
END

# As include/perlipc.json has them.
our %CONSTANTS = (
    PERLIPC_E_HANDLER => -10001, PERLIPC_E_CANCELED => -10002, PERLIPC_E_CLOSED => -10003, PERLIPC_E_BUSY => -10004,
    PERLIPC_E_INVALID => -10005, PERLIPC_E_TOO_LONG => -10007, PERLIPC_E_STATUS => -10008, PERLIPC_E_LOOKUP => -10020,
    PERLIPC_DEFAULT => -2, PERLIPC_PRIVATE => 0,
);

{
    my %type = (
        'int32_t' => 'sint32', 'int64_t' => 'sint64', 'uint32_t' => 'uint32', 'size_t' => 'size_t', 'void' => 'void',
        'const char *' => 'string', 'int32_t *' => 'sint32*', 'int64_t *' => 'sint64*', 'uint32_t *' => 'uint32*',
        'size_t *' => 'size_t*', 'const char **' => 'opaque*', 'void **' => 'opaque*',
        # Who copies its values out sees them in a buffer.
        'int32_t *values' => 'opaque',
    );
    my $type = sub {
        my ($c) = @_;
        return $type{$c} if $type{$c};
        my ($bare) = $c =~ /^(.*?\W)\w*$/;
        s/^\s+|\s+$//g for my $kind = $bare // $c;
        $type{$kind} // ($kind =~ /^ipc_\w+ \*\*$/ ? 'opaque*' : 'opaque');
    };
    my $ffi = FFI::Platypus->new(api => 2, lib => [undef]);
    my ($library) = grep { -e } map { "$_/libperlipc.so.0" } split /:/, $ENV{LD_LIBRARY_PATH} // '';
    $ffi->lib($library // 'libperlipc.so.0');
    for (@PROTOTYPES) {
        my ($returns, $name, $args) = /^(.*?)(ipc_\w+)\((.*)\)$/;
        $returns =~ s/\s+$//;
        my @args = $args eq 'void' ? () : map { $type->($_) } split /, /, $args;
        my @texts = grep { $args[$_] eq 'string' } 0 .. $#args;
        $ffi->attach($name => \@args => $type{$returns} // 'opaque', sub {
            # By copies: Platypus does not look behind variables like $$ and $1.
            my ($call, @copies) = @_;
            # Text for C ends at the first NUL: nothing is cut without a word.
            defined $copies[$_] && $copies[$_] =~ /\0/ && Carp::croak("$name: a text with a NUL inside") for @texts;
            return $call->(@copies);
        });
    }
}

# Perl runs its handlers between calls: ours end with EINTR then, and are made again.
ipc_signal_hosted(1);

# ---- the tricks that all of this file uses ----

sub fail {
    my ($result, $partial) = @_;
    my $error = Perlipc::Error->of($result, $partial);
    $! = $error->{errno};
    die $error;
}

sub check { $_[0] < 0 ? fail($_[0]) : $_[0] }

# Makes the call until it is not a handler of Perl's that has ended it; with the milliseconds that are left.
sub waiting {
    my ($seconds, $call) = @_;
    my $ends = defined $seconds ? clock_gettime(CLOCK_MONOTONIC) + $seconds : undef;
    while (1) {
        my $left = defined $ends ? $ends - clock_gettime(CLOCK_MONOTONIC) : undef;
        my $result = $call->(defined $left ? ($left > 0 ? ceil($left * 1000) : 0) : -1);
        return $result if $result != -EINTR;
    }
}

sub milliseconds { defined $_[0] ? ceil($_[0] * 1000) : -1 }

sub text {
    my ($call) = @_;
    for (my $size = 256;; $size *= 8) {
        grow(my $room, $size);
        my $length = $call->((scalar_to_buffer $room)[0], $size);
        next if $length == -ERANGE && $size < 1 << 26;
        check($length);
        set_used_length($room, $length);
        return $room;
    }
}

sub borrowed {
    my ($call) = @_;
    my $data = $call->(\my $length);
    return defined $data ? buffer_to_scalar($data, $length) : undef;
}

# A command string by Perl's rule, a list as array reference, or a Perlipc::Cmd.
sub cmd {
    my ($what, %options) = @_;
    return $what if ref $what && ref $what ne 'ARRAY';
    my @words = ref $what ? @$what : $what;
    Carp::croak 'a NUL in a command' if grep { /\0/ } @words;
    my $self = bless { handle => ref $what ? ipc_cmd_argv(strings(@words)) : ipc_cmd_shell($what) }, 'Perlipc::Cmd';
    my $cmd = $self->{handle};
    ipc_cmd_env_clear($cmd) if delete $options{clear_env};
    my $env = delete $options{env} // {};
    ipc_cmd_env($cmd, $_, $env->{$_}) for sort keys %$env;
    ipc_cmd_dir($cmd, delete $options{dir}) if exists $options{dir};
    my $redirect = delete $options{redirect} // {};
    for (sort keys %$redirect) {
        my $to = $redirect->{$_};
        defined fileno($to) ? ipc_cmd_pass($cmd, $_, fileno $to) : ipc_cmd_redirect($cmd, $_, $to);
    }
    ipc_cmd_grace($cmd, milliseconds(delete $options{grace})) if exists $options{grace};
    ipc_cmd_option($cmd, $_, $options{$_}) for sort keys %options;
    return $self;
}

# A NULL-ended array of strings, valid until the next one.
sub strings {
    state $keep;
    my @words = map { "$_\0" } @_;
    $keep = [\@words, pack('J*', (map { (scalar_to_buffer $_)[0] } @words), 0)];
    return (scalar_to_buffer $keep->[1])[0];
}

sub made {
    my ($class, $seconds, $call) = @_;
    my $out;
    check(waiting($seconds, sub { $call->(\$out, $_[0]) }));
    return bless { handle => $out }, $class;
}

sub stream { bless { handle => $_[0] }, 'Perlipc::Stream' }

# Ends the child if the work does not come to its end, and at a deadline tells how it ended and what it said.
sub ending {
    my ($child, $said, $rest, $work) = @_;
    my $wantarray = wantarray;
    my $result = eval { $work->() };
    my $error = $@;
    return $result if $error eq '' || !defined $error;
    my $status = $child->end;
    die $error if !ref $error || !eval { $error->{result} == -ETIMEDOUT };
    $rest->() if $rest;
    $said->{status} = $status if $said;
    $error->{partial} = $said // $status;
    die $error;
}

# ---- what starts and waits ----

sub version { ipc_version_string() }

sub start {
    my $cmd = cmd(@_);
    return made('Perlipc::Child', undef, sub { ipc_cmd_start($cmd->{handle}, $_[0]) });
}

# Runs it and waits: its status. When time is up, or a handler dies, it ends with all that it has started.
sub run {
    my ($what, $timeout) = @_;
    my $child = start($what);
    return ending($child, undef, undef, sub { $child->wait($timeout) });
}

# "cmd |", "| cmd"; or "-|" and "|-" with a list or a command.
sub open {
    my ($what, $cmd) = @_;
    $cmd = cmd($cmd) if defined $cmd;
    return made('Perlipc::Stream', undef, sub {
        $cmd ? ipc_popen_start($cmd->{handle}, $what, $_[0]) : ipc_popen_open($what, $_[0]);
    });
}

# Reader, writer, pid.
sub open2 {
    my $cmd = cmd(@_);
    my $pid = check(ipc_open2($cmd->{handle}, \my $reader, \my $writer));
    return (stream($reader), stream($writer), $pid);
}

# Writer, reader, error stream, pid; undef for a stream whose descriptor the command places itself.
sub open3 {
    my $cmd = cmd(@_);
    my $pid = check(ipc_open3($cmd->{handle}, \my $writer, \my $reader, \my $error));
    return ((map { defined ? stream($_) : undef } $writer, $reader, $error), $pid);
}

sub pty {
    my ($what, $rows, $cols) = @_;
    my $cmd = cmd($what);
    return made('Perlipc::Stream', undef, sub { ipc_pty_open($cmd->{handle}, $rows // 24, $cols // 80, $_[0]) });
}

sub pipe {
    check(ipc_pipe_new(\my $reader, \my $writer));
    return (stream($reader), stream($writer));
}

sub adopt {
    my ($fd) = @_;
    return made('Perlipc::Stream', undef, sub { ipc_stream_adopt($fd, $_[0]) });
}

# Backticks, with the standard error apart: feeds the input and keeps all that is said: { output, errors, status }. When
# time is up, or a handler dies, the command ends with all that it has started; the error's partial then has what came.
sub capture {
    my ($what, $input, $timeout) = @_;
    my ($writer, $reader, $error) = open3($what);
    my $child = $reader->child;
    my $said = { output => '', errors => '', status => Perlipc::Status->of(-1) };
    my $rest = $input // '';
    my $hear = sub {
        my ($data, $length) = length $rest ? scalar_to_buffer($rest) : (undef, 0);
        my $result = ipc_capture_feed($writer->{handle}, $data, $length, $reader->{handle}, $error->{handle}, $_[0], \my $capture);
        if (defined $capture) {
            $said->{output} .= borrowed(sub { ipc_capture_output($capture, $_[0]) });
            $said->{errors} .= borrowed(sub { ipc_capture_errors($capture, $_[0]) });
            $said->{status} = Perlipc::Status->of(ipc_capture_status($capture));
            substr($rest, 0, ipc_capture_fed($capture), '');
            ipc_capture_free($capture);
        }
        return $result;
    };
    ending($child, $said, sub { $hear->(0) }, sub { check(waiting($timeout, $hear)) });
    return $said;
}

# The pid and its status.
sub wait_any {
    my ($timeout) = @_;
    my $status = -1;
    my $pid = check(waiting($timeout, sub { ipc_wait_any($_[0], \$status) }));
    return ($pid, Perlipc::Status->of($status));
}

sub wait_pid {
    my ($which, $timeout) = @_;
    my $status = -1;
    my $pid = check(waiting($timeout, sub { ipc_wait_pid($which, $_[0], \$status) }));
    return ($pid, Perlipc::Status->of($status));
}

sub tcp_connect {
    my ($host, $service, $timeout, $options) = @_;
    return made('Perlipc::Stream', $timeout, sub { ipc_tcp_connect($host, $service, $options, $_[1], $_[0]) });
}

# The service undef: a port of the kernel's choice.
sub tcp_listen {
    my ($host, $service, $options) = @_;
    return made('Perlipc::Listener', undef, sub { ipc_tcp_listen($host, $service, $options, $_[0]) });
}

sub unix_connect {
    my ($path, $timeout, $options) = @_;
    return made('Perlipc::Stream', $timeout, sub { ipc_unix_connect($path, $options, $_[1], $_[0]) });
}

sub unix_listen {
    my ($path, $options) = @_;
    return made('Perlipc::Listener', undef, sub { ipc_unix_listen($path, $options, $_[0]) });
}

package Perlipc::Error {
    use overload '""' => sub { $_[0]{text} }, bool => sub { 1 }, fallback => 1;

    sub of {
        my ($class, $result, $partial) = @_;
        my $last = Perlipc::ipc_error_last_code() == $result;
        return bless {
            result => $result,
            name => Perlipc::ipc_error_name($result),
            errno => Perlipc::ipc_error_errno($result),
            text => $last ? Perlipc::ipc_error_last_text() : Perlipc::ipc_error_text($result),
            step => $last ? Perlipc::ipc_error_last_step() : '',
            path => $last ? Perlipc::ipc_error_last_path() : '',
            partial => $partial,
        }, $class;
    }

    sub name { $_[0]{name} }
    sub partial { $_[0]{partial} }
}

# How a child ended. The number is $?: -1 where nobody can know.
package Perlipc::Status {
    use overload
        '""' => sub { my $self = shift; Perlipc::text(sub { Perlipc::ipc_status_text($$self, @_) }) },
        '0+' => sub { ${ $_[0] } },
        bool => sub { 1 },
        fallback => 1;

    sub of { bless \(my $native = $_[1]), $_[0] }
    sub ok { ${ $_[0] } == 0 }
    sub known { Perlipc::ipc_status_known(${ $_[0] }) }
    sub code { my $code = Perlipc::ipc_status_code(${ $_[0] }); $code < 0 ? undef : $code }
    sub signal { Perlipc::ipc_status_signal(${ $_[0] }) || undef }
}

package Perlipc::Cmd {
    sub new { my $class = shift; Perlipc::cmd(@_) }
    sub DESTROY { Perlipc::ipc_cmd_free($_[0]{handle}) }
}

package Perlipc::Child {
    sub pid { Perlipc::check(Perlipc::ipc_child_pid($_[0]{handle})) }
    # Its pidfd, readable when it has ended.
    sub fileno { Perlipc::check(Perlipc::ipc_child_fd($_[0]{handle})) }
    sub kill { Perlipc::check(Perlipc::ipc_child_kill($_[0]{handle}, $_[1] // 'TERM')) }

    sub wait {
        my ($self, $timeout) = @_;
        my $status = -1;
        Perlipc::check(Perlipc::waiting($timeout, sub { Perlipc::ipc_child_wait($self->{handle}, $_[0], \$status) }));
        return Perlipc::Status->of($status);
    }

    # TERM to its tree, `grace` seconds to go, then KILL.
    sub end {
        my ($self, $grace) = @_;
        my $status = -1;
        Perlipc::check(Perlipc::waiting($grace // 1, sub { Perlipc::ipc_child_end($self->{handle}, $_[0], \$status) }));
        return Perlipc::Status->of($status);
    }

    sub DESTROY { Perlipc::ipc_child_free($_[0]{handle}) unless $_[0]{owner} }
}

# A filehandle of the library's. `handle` gives one of Perl's.
package Perlipc::Stream {
    use FFI::Platypus::Buffer qw(scalar_to_buffer buffer_to_scalar grow set_used_length);
    use Errno qw(EINTR);

    my $do = sub {
        my ($self, $call) = @_;
        Perlipc::check(Perlipc::waiting(undef, sub { $call->($self->{handle}) }));
    };

    # What is there, at most `size` bytes; undef at the end.
    sub sysread {
        my ($self, $size) = @_;
        $size //= 65536;
        grow(my $room, $size);
        my $length = $self->$do(sub { Perlipc::ipc_stream_read($_[0], (scalar_to_buffer $room)[0], $size) });
        set_used_length($room, $length);
        return $length ? $room : undef;
    }

    # The next record with its separator; undef at the end.
    sub getline {
        my ($self) = @_;
        my $line;
        my $length = $self->$do(sub { Perlipc::ipc_stream_readline($_[0], \$line) });
        return $length ? buffer_to_scalar($line, $length) : undef;
    }

    sub getlines {
        my ($self) = @_;
        my @lines;
        while (defined(my $line = $self->getline)) { push @lines, $line }
        return @lines;
    }

    # All that is left.
    sub slurp {
        my ($self) = @_;
        my $all = '';
        while (defined(my $piece = $self->sysread)) { $all .= $piece }
        return $all;
    }

    sub print {
        my $self = shift;
        my $data = join $, // '', @_;
        return $self unless length $data;
        my $result = Perlipc::ipc_stream_write($self->{handle}, scalar_to_buffer $data);
        # What was not written when a handler came in between is in the stream.
        $result == -EINTR ? $self->flush : Perlipc::check($result);
        return $self;
    }

    sub flush { my $self = shift; $self->$do(\&Perlipc::ipc_stream_flush); $self }
    sub autoflush { Perlipc::check(Perlipc::ipc_stream_autoflush($_[0]{handle}, $_[1] // 1 ? 1 : 0)) }

    # $/ of this stream: "" means paragraphs, undef the whole input.
    sub input_record_separator {
        my ($self, $separator) = @_;
        return Perlipc::check(Perlipc::ipc_stream_record($self->{handle}, 0)) unless defined $separator;
        Perlipc::check(Perlipc::ipc_stream_separator($self->{handle}, scalar_to_buffer $separator));
    }

    # The limit of each call; of all calls together, from now on.
    sub timeout { Perlipc::check(Perlipc::ipc_stream_timeout($_[0]{handle}, Perlipc::milliseconds($_[1]))) }
    sub deadline { Perlipc::check(Perlipc::ipc_stream_deadline($_[0]{handle}, Perlipc::milliseconds($_[1]))) }
    sub eof { shift->$do(\&Perlipc::ipc_stream_eof) }
    sub shutdown { shift->$do(\&Perlipc::ipc_stream_shutdown) }
    sub cancel { Perlipc::check(Perlipc::ipc_stream_cancel($_[0]{handle})) }
    sub fileno { Perlipc::check(Perlipc::ipc_stream_fd($_[0]{handle})) }

    # One of Perl's own on the descriptor; `child` still has the status.
    sub handle {
        my ($self) = @_;
        my $fd = Perlipc::check(Perlipc::ipc_stream_release($self->{handle}));
        for my $mode ('+<', '<', '>') {
            return $_ for grep { CORE::open $_, "$mode&=", $fd } my $fh;
        }
        Carp::croak "descriptor $fd: $!";
    }

    # The child that it carries, undef when it carries none.
    sub child {
        my ($self) = @_;
        my $child = Perlipc::ipc_stream_child($self->{handle});
        return defined $child ? bless { handle => $child, owner => $self }, 'Perlipc::Child' : undef;
    }

    # Flushes, closes, and where this was the last stream of its child, waits for that: its status, and $?.
    sub close {
        my ($self) = @_;
        my $status = -1;
        my $result = Perlipc::waiting(undef, sub { Perlipc::ipc_stream_close($self->{handle}, \$status) });
        Perlipc::fail($result, Perlipc::Status->of($status)) if $result < 0;
        $? = $status;
        return Perlipc::Status->of($status);
    }

    sub peer { my $self = shift; Perlipc::text(sub { Perlipc::ipc_stream_peer($self->{handle}, @_) }) }
    sub addr { my $self = shift; Perlipc::text(sub { Perlipc::ipc_stream_addr($self->{handle}, @_) }) }

    # Waits for one of the patterns, strings, qr//, 'eof', 'timeout' as references to those words: its index.
    sub expect { my ($self, $patterns, $timeout) = @_; Perlipc::Expect->new(@$patterns)->wait($self, @_ > 2 ? $timeout : ()) }
    sub before { my $self = shift; Perlipc::borrowed(sub { Perlipc::ipc_expect_before($self->{handle}, $_[0]) }) }
    sub match {
        my ($self, $group) = @_;
        Perlipc::borrowed(sub { Perlipc::ipc_expect_match($self->{handle}, $group // 0, $_[0]) });
    }

    sub DESTROY { Perlipc::ipc_stream_free($_[0]{handle}) }
}

package Perlipc::Expect {
    use FFI::Platypus::Buffer qw(scalar_to_buffer);

    sub new {
        my ($class, @patterns) = @_;
        my $self = bless { handle => Perlipc::ipc_expect_new() }, $class;
        for my $pattern (@patterns) {
            Perlipc::check(
                ref $pattern eq 'SCALAR' && $$pattern eq 'eof'       ? Perlipc::ipc_expect_eof($self->{handle})
                : ref $pattern eq 'SCALAR' && $$pattern eq 'timeout' ? Perlipc::ipc_expect_timeout($self->{handle})
                # As Perl writes it, but for the flag that is the library's own rule: (?^u:...)
                : ref $pattern eq 'Regexp' ? Perlipc::ipc_expect_regex($self->{handle}, regex($pattern))
                : Perlipc::ipc_expect_text($self->{handle}, scalar_to_buffer $pattern)
            );
        }
        return $self;
    }

    sub regex {
        my ($pattern, $flags) = re::regexp_pattern($_[0]);
        $flags =~ s/[^imsx]//g;
        return $flags ? "(?$flags:$pattern)" : $pattern;
    }

    # By the list's own limit of 30 seconds; undef: none.
    sub wait {
        my ($self, $stream, $timeout) = @_;
        my $own = @_ < 3;
        return Perlipc::check(Perlipc::waiting($timeout, sub {
            Perlipc::ipc_expect_wait($self->{handle}, $stream->{handle}, $own ? $CONSTANTS{PERLIPC_DEFAULT} : $_[0]);
        }));
    }

    sub DESTROY { Perlipc::ipc_expect_free($_[0]{handle}) }
}

package Perlipc::Listener {
    sub accept {
        my ($self, $timeout) = @_;
        return Perlipc::made('Perlipc::Stream', $timeout, sub { Perlipc::ipc_listener_accept($self->{handle}, $_[1], $_[0]) });
    }
    sub addr { my $self = shift; Perlipc::text(sub { Perlipc::ipc_listener_addr($self->{handle}, @_) }) }
    sub port { Perlipc::check(Perlipc::ipc_listener_port($_[0]{handle})) }
    sub fileno { Perlipc::check(Perlipc::ipc_listener_fd($_[0]{handle})) }
    sub cancel { Perlipc::check(Perlipc::ipc_listener_cancel($_[0]{handle})) }
    sub DESTROY { Perlipc::ipc_listener_free($_[0]{handle}) }
}

# Semaphores with time limits; Perlipc::Semaphore has the interface of IPC::Semaphore.
package Perlipc::Sem {
    use FFI::Platypus::Buffer qw(scalar_to_buffer);

    sub of { bless { id => $_[1] }, $_[0] }
    sub create {
        my ($class, $values, $key, $mode) = @_;
        my $all = pack 'l*', @$values;
        my ($data) = scalar_to_buffer $all;
        return $class->of(Perlipc::check(Perlipc::ipc_sem_create($key // 0, $data, scalar @$values, $mode // 0600)));
    }
    sub id { $_[0]{id} }
    sub take {
        my ($self, $index, $timeout) = @_;
        Perlipc::check(Perlipc::waiting($timeout, sub { Perlipc::ipc_sem_take($self->{id}, $index // 0, $_[0]) }));
    }
    sub give { Perlipc::check(Perlipc::ipc_sem_give($_[0]{id}, $_[1] // 0)) }
    sub value { Perlipc::check(Perlipc::ipc_sem_value($_[0]{id}, $_[1] // 0)) }
    sub remove { Perlipc::check(Perlipc::ipc_sem_remove($_[0]{id})) }
}

# Signals, pulled; handlers are %SIG's.
package Perlipc::Signal {
    use Errno qw(ETIMEDOUT);

    sub number { Perlipc::check(Perlipc::ipc_signal_number($_[0])) }
    # Keeps a signal for `next`.
    sub queue { Perlipc::check(Perlipc::ipc_signal_queue($_[0])) }
    sub ignore { Perlipc::check(Perlipc::ipc_signal_ignore($_[0])) }
    sub default { Perlipc::check(Perlipc::ipc_signal_default($_[0])) }
    sub disposition { Perlipc::ipc_signal_disposition($_[0]) }
    sub kill { Perlipc::check(Perlipc::ipc_signal_kill(@_)) }
    # Readable when a queued signal is there: for select.
    sub fileno { Perlipc::check(Perlipc::ipc_signal_fd()) }

    # The name of a queued signal that has arrived, undef when time is up.
    sub next {
        my $number = Perlipc::waiting($_[0], sub { Perlipc::ipc_signal_next($_[0]) });
        return $number == -ETIMEDOUT ? undef : Perlipc::ipc_signal_name(Perlipc::check($number));
    }

    # Who sent what `next` gave last: { pid, uid, value, count }.
    sub sender {
        my $count = Perlipc::check(Perlipc::ipc_signal_sender(\my $pid, \my $uid, \my $value));
        return { pid => $pid, uid => $uid, value => $value, count => $count };
    }

    # What is left of the time when a handler has ended it.
    sub sleep {
        my ($seconds) = @_;
        Perlipc::check(Perlipc::waiting($seconds, sub { Perlipc::ipc_signal_sleep($_[0]) })) / 1000;
    }
}

1;
