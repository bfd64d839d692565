// Package perlipc is Perl's interprocess communication for Go: libperlipc by cgo. See include/perlipc.h for what each call
// does; the names here are its nouns and verbs. A time limit is a time.Duration; Forever is none.
package perlipc

/*
#cgo CFLAGS: -I${SRCDIR}/../../include
#cgo LDFLAGS: -L${SRCDIR}/../../build/lib -lperlipc
#include <perlipc.h>
#include <stdlib.h>
*/
import "C"

import (
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// Forever is no time limit.
const Forever time.Duration = -1

// Error is what a call could not do. errors.Is finds its errno: fs.ErrNotExist, syscall.ECONNREFUSED.
type Error struct {
	Result     int    // of the C function: -errno or one of its own
	Name       string // "ENOENT", "PERLIPC_E_BUSY"
	Step, Path string
	text       string
}

func (e *Error) Error() string { return e.text }

// Unwrap gives the errno.
func (e *Error) Unwrap() error { return syscall.Errno(C.ipc_error_errno(C.int32_t(e.Result))) }

// Timeout says whether time was up, as net.Error has it.
func (e *Error) Timeout() bool { return e.Result == -int(syscall.ETIMEDOUT) }

// What failed last is known to the thread that made the call: so a goroutine stays on its thread until it is asked.
func try(call func() C.int64_t) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	result := call()
	if result >= 0 {
		return int(result), nil
	}
	code := C.int32_t(result)
	e := &Error{Result: int(result), Name: nameOf(int(result)), text: C.GoString(C.ipc_error_text(code))}
	if C.ipc_error_last_code() == code {
		e.text = C.GoString(C.ipc_error_last_text())
		e.Step = C.GoString(C.ipc_error_last_step())
		e.Path = C.GoString(C.ipc_error_last_path())
	}
	return 0, e
}

func nameOf(code int) string { return C.GoString(C.ipc_error_name(C.int32_t(code))) }

func limit(time time.Duration) C.int32_t {
	if time < 0 {
		return -1
	}
	ms := (time.Nanoseconds() + 999_999) / 1_000_000
	if ms > math.MaxInt32 {
		ms = math.MaxInt32
	}
	return C.int32_t(ms)
}

// A C string for the time of a call. It would end at the first NUL: NULL in its place is an error, and nothing is cut.
func c(text string) (*C.char, func()) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, func() {}
	}
	s := C.CString(text)
	return s, func() { C.free(unsafe.Pointer(s)) }
}

// The same where NULL stands for "": what has a NUL becomes a name that nothing has.
func orNull(text string) (*C.char, func()) {
	if text == "" {
		return nil, func() {}
	}
	return c(strings.ReplaceAll(text, "\x00", "\xff"))
}

func data(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		// Not NULL, which would be no data at all.
		return unsafe.Pointer(&none)
	}
	return unsafe.Pointer(&bytes[0])
}

var none byte

func text(get func(*C.char, C.size_t) C.int32_t) (string, error) {
	for room := make([]byte, 256); ; room = make([]byte, 8*len(room)) {
		n, err := try(func() C.int64_t { return C.int64_t(get((*C.char)(unsafe.Pointer(&room[0])), C.size_t(len(room)))) })
		if e, ok := err.(*Error); ok && e.Result == -int(syscall.ERANGE) && len(room) < 1<<26 {
			continue
		}
		return string(room[:n]), err
	}
}

func borrowed(get func(*C.size_t) unsafe.Pointer) []byte {
	var length C.size_t
	if bytes := get(&length); bytes != nil {
		return C.GoBytes(bytes, C.int(length))
	}
	return nil
}

// Version is the library's.
func Version() string { return C.GoString(C.ipc_version_string()) }

// Status is how a child ended, as waitpid gives it; -1 where nobody can know.
type Status int32

func (s Status) OK() bool    { return s == 0 }
func (s Status) Known() bool { return C.ipc_status_known(C.int32_t(s)) == 1 }

// Code is the exit code, -1 when it did not exit.
func (s Status) Code() int {
	if code := C.ipc_status_code(C.int32_t(s)); code >= 0 {
		return int(code)
	}
	return -1
}

// Signal is what killed it, 0 when nothing did.
func (s Status) Signal() syscall.Signal { return syscall.Signal(C.ipc_status_signal(C.int32_t(s))) }

// String says it: "exited with 3", "killed by TERM", "unknown".
func (s Status) String() string {
	said, _ := text(func(room *C.char, size C.size_t) C.int32_t { return C.ipc_status_text(C.int32_t(s), room, size) })
	return said
}

// Cmd is what to run. The first failure of a setter comes out of the call that starts it.
type Cmd struct{ handle *C.ipc_cmd }

func newCmd(handle *C.ipc_cmd) *Cmd {
	cmd := &Cmd{handle}
	runtime.SetFinalizer(cmd, func(cmd *Cmd) { C.ipc_cmd_free(cmd.handle) })
	return cmd
}

// Command is a program with its arguments, without a shell.
func Command(words ...string) *Cmd {
	argv := make([]*C.char, len(words)+1)
	for i, word := range words {
		if strings.IndexByte(word, 0) >= 0 {
			return newCmd(C.ipc_cmd_shell(nil)) // the failure that it keeps is told when it is started
		}
		argv[i] = C.CString(word)
		defer C.free(unsafe.Pointer(argv[i]))
	}
	return newCmd(C.ipc_cmd_argv(&argv[0]))
}

// Shell is a command string by Perl's rule: with a shell only where it needs one.
func Shell(command string) *Cmd {
	s, free := c(command)
	defer free()
	return newCmd(C.ipc_cmd_shell(s))
}

func (cmd *Cmd) set(set func(h *C.ipc_cmd, one, other *C.char) C.int32_t, one, other string) *Cmd {
	a, freeOne := c(one)
	defer freeOne()
	b, freeOther := c(other)
	defer freeOther()
	if a == nil || b == nil {
		C.ipc_cmd_arg(cmd.handle, nil) // the failure that it keeps is told when it is started
	} else {
		set(cmd.handle, a, b)
	}
	runtime.KeepAlive(cmd)
	return cmd
}

// Env sets a variable of the child's environment.
func (cmd *Cmd) Env(name, value string) *Cmd {
	return cmd.set(func(h *C.ipc_cmd, a, b *C.char) C.int32_t { return C.ipc_cmd_env(h, a, b) }, name, value)
}

// EnvClear begins with an empty environment.
func (cmd *Cmd) EnvClear() *Cmd {
	C.ipc_cmd_env_clear(cmd.handle)
	runtime.KeepAlive(cmd)
	return cmd
}

// Dir is the child's working directory.
func (cmd *Cmd) Dir(path string) *Cmd {
	return cmd.set(func(h *C.ipc_cmd, a, _ *C.char) C.int32_t { return C.ipc_cmd_dir(h, a) }, path, "")
}

// Redirect says by a word of ipc_cmd_redirect what a descriptor of the child is.
func (cmd *Cmd) Redirect(fd int, spec string) *Cmd {
	return cmd.set(func(h *C.ipc_cmd, a, _ *C.char) C.int32_t { return C.ipc_cmd_redirect(h, C.int32_t(fd), a) }, spec, "")
}

// Pass gives the child a descriptor of this process, which must be open when it starts.
func (cmd *Cmd) Pass(childFd, fd int) *Cmd {
	C.ipc_cmd_pass(cmd.handle, C.int32_t(childFd), C.int32_t(fd))
	runtime.KeepAlive(cmd)
	return cmd
}

// Option sets one of ipc_cmd_option's. "die_with_parent" is for the main thread: runtime.LockOSThread in an init.
func (cmd *Cmd) Option(name, value string) *Cmd {
	return cmd.set(func(h *C.ipc_cmd, a, b *C.char) C.int32_t { return C.ipc_cmd_option(h, a, b) }, name, value)
}

// Grace is how long the child has between TERM and KILL at a deadline.
func (cmd *Cmd) Grace(time time.Duration) *Cmd {
	C.ipc_cmd_grace(cmd.handle, limit(time))
	runtime.KeepAlive(cmd)
	return cmd
}

// Start starts it without any pipe.
func (cmd *Cmd) Start() (*Child, error) {
	var child *C.ipc_child
	_, err := try(func() C.int64_t { return C.int64_t(C.ipc_cmd_start(cmd.handle, &child)) })
	runtime.KeepAlive(cmd)
	if err != nil {
		return nil, err
	}
	return newChild(child, nil), nil
}

// Run is Perl's system. At the deadline it ends with all that it has started; the status comes all the same.
func (cmd *Cmd) Run(time time.Duration) (Status, error) {
	status := C.int32_t(-1)
	_, err := try(func() C.int64_t { return C.int64_t(C.ipc_cmd_run(cmd.handle, limit(time), &status)) })
	runtime.KeepAlive(cmd)
	return Status(status), err
}

// Child is a process that this one started.
type Child struct {
	handle *C.ipc_child
	owner  *Stream // whose it is, if any
}

func newChild(handle *C.ipc_child, owner *Stream) *Child {
	child := &Child{handle, owner}
	if owner == nil {
		runtime.SetFinalizer(child, func(child *Child) { C.ipc_child_free(child.handle) })
	}
	return child
}

func (child *Child) do(call func(h *C.ipc_child) C.int32_t) (int, error) {
	defer runtime.KeepAlive(child)
	return try(func() C.int64_t { return C.int64_t(call(child.handle)) })
}

// Pid is its process id.
func (child *Child) Pid() int {
	pid, _ := child.do(func(h *C.ipc_child) C.int32_t { return C.ipc_child_pid(h) })
	return pid
}

// Fd is its pidfd, readable when it has ended.
func (child *Child) Fd() (int, error) {
	return child.do(func(h *C.ipc_child) C.int32_t { return C.ipc_child_fd(h) })
}

// Wait waits for its end.
func (child *Child) Wait(time time.Duration) (Status, error) {
	status := C.int32_t(-1)
	_, err := child.do(func(h *C.ipc_child) C.int32_t { return C.ipc_child_wait(h, limit(time), &status) })
	return Status(status), err
}

// Kill sends it a signal, by name.
func (child *Child) Kill(signal string) error {
	s, free := c(signal)
	defer free()
	_, err := child.do(func(h *C.ipc_child) C.int32_t { return C.ipc_child_kill(h, s) })
	return err
}

// End ends it: TERM to its tree, grace to go, then KILL.
func (child *Child) End(grace time.Duration) (Status, error) {
	status := C.int32_t(-1)
	_, err := child.do(func(h *C.ipc_child) C.int32_t { return C.ipc_child_end(h, limit(grace), &status) })
	return Status(status), err
}

// WaitAny waits for any child that was started here: its pid.
func WaitAny(time time.Duration) (int, Status, error) {
	status := C.int32_t(-1)
	pid, err := try(func() C.int64_t { return C.int64_t(C.ipc_wait_any(limit(time), &status)) })
	return pid, Status(status), err
}

// WaitPid waits for a child by its number.
func WaitPid(pid int, time time.Duration) (int, Status, error) {
	status := C.int32_t(-1)
	got, err := try(func() C.int64_t { return C.int64_t(C.ipc_wait_pid(C.int32_t(pid), limit(time), &status)) })
	return got, Status(status), err
}

// Stream is Perl's filehandle: a pipe's end, a child's output or input, a connected socket, a pty. It is an
// io.ReadWriteCloser. One goroutine for each direction at a time; Cancel, Close and Fd from any.
type Stream struct {
	handle *C.ipc_stream
	status Status
}

func newStream(handle *C.ipc_stream) *Stream {
	if handle == nil {
		return nil
	}
	stream := &Stream{handle, -1}
	runtime.SetFinalizer(stream, func(stream *Stream) { C.ipc_stream_free(stream.handle) })
	return stream
}

func (s *Stream) do(call func(h *C.ipc_stream) C.int64_t) (int, error) {
	defer runtime.KeepAlive(s)
	return try(func() C.int64_t { return call(s.handle) })
}

func (s *Stream) set(call func(h *C.ipc_stream) C.int32_t) error {
	_, err := s.do(func(h *C.ipc_stream) C.int64_t { return C.int64_t(call(h)) })
	return err
}

// Adopt takes a descriptor over.
func Adopt(fd int) (*Stream, error) {
	return stream(func(out **C.ipc_stream) C.int32_t { return C.ipc_stream_adopt(C.int32_t(fd), out) })
}

func stream(call func(out **C.ipc_stream) C.int32_t) (*Stream, error) {
	var handle *C.ipc_stream
	if _, err := try(func() C.int64_t { return C.int64_t(call(&handle)) }); err != nil {
		return nil, err
	}
	return newStream(handle), nil
}

// Read reads what is there.
func (s *Stream) Read(bytes []byte) (int, error) {
	if len(bytes) == 0 {
		return 0, nil
	}
	n, err := s.do(func(h *C.ipc_stream) C.int64_t { return C.ipc_stream_read(h, data(bytes), C.size_t(len(bytes))) })
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// ReadLine reads the next record with its separator; io.EOF at the end.
func (s *Stream) ReadLine() (string, error) {
	var line *C.char
	defer runtime.KeepAlive(s) // the line is the stream's
	n, err := s.do(func(h *C.ipc_stream) C.int64_t { return C.ipc_stream_readline(h, &line) })
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", io.EOF
	}
	return C.GoStringN(line, C.int(n)), nil
}

// Write writes all. What a timeout left stays in the stream: Flush goes on with it.
func (s *Stream) Write(bytes []byte) (int, error) {
	return s.do(func(h *C.ipc_stream) C.int64_t { return C.ipc_stream_write(h, data(bytes), C.size_t(len(bytes))) })
}

// Flush writes what is in the buffer.
func (s *Stream) Flush() error {
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_flush(h) })
}

// Autoflush says whether each write goes out at once.
func (s *Stream) Autoflush(on bool) error {
	word := C.int32_t(0)
	if on {
		word = 1
	}
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_autoflush(h, word) })
}

// Separator ends a record; "" means paragraphs.
func (s *Stream) Separator(separator string) error {
	bytes := []byte(separator)
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_separator(h, data(bytes), C.size_t(len(bytes))) })
}

// SetTimeout limits each call.
func (s *Stream) SetTimeout(time time.Duration) error {
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_timeout(h, limit(time)) })
}

// SetDeadline limits all calls together; the zero time is no limit.
func (s *Stream) SetDeadline(deadline time.Time) error {
	left := Forever
	if !deadline.IsZero() {
		if left = time.Until(deadline); left < 0 {
			left = 0
		}
	}
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_deadline(h, limit(left)) })
}

// Shutdown ends writing.
func (s *Stream) Shutdown() error {
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_shutdown(h) })
}

// Cancel ends the call of another goroutine, and all later ones that would have to wait.
func (s *Stream) Cancel() error {
	return s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_cancel(h) })
}

// Fd is the descriptor; the stream keeps it.
func (s *Stream) Fd() (int, error) {
	return s.do(func(h *C.ipc_stream) C.int64_t { return C.int64_t(C.ipc_stream_fd(h)) })
}

// File gives the descriptor to Go's own poller, as a file; Child still has the status.
func (s *Stream) File() (*os.File, error) {
	fd, err := s.do(func(h *C.ipc_stream) C.int64_t { return C.int64_t(C.ipc_stream_release(h)) })
	if err != nil {
		return nil, err
	}
	return polled(fd)
}

func polled(fd int) (*os.File, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "perlipc"), nil
}

// Child is the one that it carries, nil when it carries none.
func (s *Stream) Child() *Child {
	defer runtime.KeepAlive(s)
	child := C.ipc_stream_child(s.handle)
	if child == nil {
		return nil
	}
	return newChild(child, s)
}

// Close flushes, closes, and where this was the last stream of its child, waits for that: see Status.
func (s *Stream) Close() error {
	status := C.int32_t(-1)
	err := s.set(func(h *C.ipc_stream) C.int32_t { return C.ipc_stream_close(h, &status) })
	s.status = Status(status)
	return err
}

// Status is what Close was told of the child.
func (s *Stream) Status() Status { return s.status }

// Peer is where a socket's other end is.
func (s *Stream) Peer() (string, error) {
	defer runtime.KeepAlive(s)
	return text(func(room *C.char, size C.size_t) C.int32_t { return C.ipc_stream_peer(s.handle, room, size) })
}

// Addr is where a socket's own end is.
func (s *Stream) Addr() (string, error) {
	defer runtime.KeepAlive(s)
	return text(func(room *C.char, size C.size_t) C.int32_t { return C.ipc_stream_addr(s.handle, room, size) })
}

// Before is what had arrived before the match of an Expect.
func (s *Stream) Before() []byte {
	defer runtime.KeepAlive(s)
	return borrowed(func(n *C.size_t) unsafe.Pointer { return C.ipc_expect_before(s.handle, n) })
}

// Match is what matched, or a group of it.
func (s *Stream) Match(group int) []byte {
	defer runtime.KeepAlive(s)
	return borrowed(func(n *C.size_t) unsafe.Pointer { return C.ipc_expect_match(s.handle, C.int32_t(group), n) })
}

// Pipe gives reader and writer.
func Pipe() (*Stream, *Stream, error) {
	var reader, writer *C.ipc_stream
	if _, err := try(func() C.int64_t { return C.int64_t(C.ipc_pipe_new(&reader, &writer)) }); err != nil {
		return nil, nil, err
	}
	return newStream(reader), newStream(writer), nil
}

// Open is Perl's: "cmd |", "| cmd".
func Open(spec string) (*Stream, error) {
	s, free := c(spec)
	defer free()
	return stream(func(out **C.ipc_stream) C.int32_t { return C.ipc_popen_open(s, out) })
}

// Open starts a command to read from it ("-|") or to write to it ("|-").
func (cmd *Cmd) Open(mode string) (*Stream, error) {
	s, free := c(mode)
	defer free()
	defer runtime.KeepAlive(cmd)
	return stream(func(out **C.ipc_stream) C.int32_t { return C.ipc_popen_start(cmd.handle, s, out) })
}

// Open2 gives reader and writer.
func (cmd *Cmd) Open2() (*Stream, *Stream, error) {
	var reader, writer *C.ipc_stream
	_, err := try(func() C.int64_t { return C.int64_t(C.ipc_open2(cmd.handle, &reader, &writer)) })
	runtime.KeepAlive(cmd)
	if err != nil {
		return nil, nil, err
	}
	return newStream(reader), newStream(writer), nil
}

// Open3 gives writer, reader and error stream; nil where the command places a descriptor itself.
func (cmd *Cmd) Open3() (writer, reader, errors *Stream, err error) {
	var w, r, e *C.ipc_stream
	_, err = try(func() C.int64_t { return C.int64_t(C.ipc_open3(cmd.handle, &w, &r, &e)) })
	runtime.KeepAlive(cmd)
	if err == nil {
		writer, reader, errors = newStream(w), newStream(r), newStream(e)
	}
	return
}

// Pty starts a command on a new terminal.
func (cmd *Cmd) Pty(rows, cols int) (*Stream, error) {
	defer runtime.KeepAlive(cmd)
	return stream(func(out **C.ipc_stream) C.int32_t {
		return C.ipc_pty_open(cmd.handle, C.int32_t(rows), C.int32_t(cols), out)
	})
}

// Captured is what a finished child said, and how it ended.
type Captured struct {
	Output, Errors []byte
	Status         Status
	TimedOut       bool
}

// Capture is Perl's backticks, with the standard error apart; nil as input is this process's. At the deadline the command
// ends with all that it has started, and what came until then comes with the error.
func (cmd *Cmd) Capture(input []byte, time time.Duration) (*Captured, error) {
	var handle *C.ipc_capture
	var from unsafe.Pointer
	if input != nil {
		from = data(input)
	}
	_, err := try(func() C.int64_t {
		return C.int64_t(C.ipc_capture_run(cmd.handle, from, C.size_t(len(input)), limit(time), &handle))
	})
	runtime.KeepAlive(cmd)
	if handle == nil {
		return nil, err
	}
	defer C.ipc_capture_free(handle)
	return &Captured{
		Output:   borrowed(func(n *C.size_t) unsafe.Pointer { return C.ipc_capture_output(handle, n) }),
		Errors:   borrowed(func(n *C.size_t) unsafe.Pointer { return C.ipc_capture_errors(handle, n) }),
		Status:   Status(C.ipc_capture_status(handle)),
		TimedOut: C.ipc_capture_timed_out(handle) == 1,
	}, err
}

// Expect is a list of patterns; each gives its index.
type Expect struct{ handle *C.ipc_expect }

// NewExpect is an empty list.
func NewExpect() *Expect {
	e := &Expect{C.ipc_expect_new()}
	runtime.SetFinalizer(e, func(e *Expect) { C.ipc_expect_free(e.handle) })
	return e
}

func (e *Expect) add(call func(h *C.ipc_expect) C.int32_t) (int, error) {
	defer runtime.KeepAlive(e)
	return try(func() C.int64_t { return C.int64_t(call(e.handle)) })
}

// Text is a pattern of these bytes.
func (e *Expect) Text(text string) (int, error) {
	bytes := []byte(text)
	return e.add(func(h *C.ipc_expect) C.int32_t { return C.ipc_expect_text(h, data(bytes), C.size_t(len(bytes))) })
}

// Regex is a regular expression in Perl's syntax.
func (e *Expect) Regex(pattern string) (int, error) {
	s, free := c(pattern)
	defer free()
	return e.add(func(h *C.ipc_expect) C.int32_t { return C.ipc_expect_regex(h, s) })
}

// EOF is the end of the stream.
func (e *Expect) EOF() (int, error) {
	return e.add(func(h *C.ipc_expect) C.int32_t { return C.ipc_expect_eof(h) })
}

// Wait gives the index of the pattern that was found in the stream; see Stream.Before and Match.
func (e *Expect) Wait(s *Stream, time time.Duration) (int, error) {
	defer runtime.KeepAlive(s)
	return e.add(func(h *C.ipc_expect) C.int32_t { return C.ipc_expect_wait(h, s.handle, limit(time)) })
}

// Listener is a socket that others connect to.
type Listener struct{ handle *C.ipc_listener }

func listener(call func(out **C.ipc_listener) C.int32_t) (*Listener, error) {
	var handle *C.ipc_listener
	if _, err := try(func() C.int64_t { return C.int64_t(call(&handle)) }); err != nil {
		return nil, err
	}
	l := &Listener{handle}
	runtime.SetFinalizer(l, func(l *Listener) { C.ipc_listener_free(l.handle) })
	return l, nil
}

// TCPConnect connects to a host and service by name or number; "" as host is this machine. Options as ipc_tcp_connect.
func TCPConnect(host, service, options string, time time.Duration) (*Stream, error) {
	h, freeHost := orNull(host)
	defer freeHost()
	s, freeService := orNull(service)
	defer freeService()
	o, freeOptions := orNull(options)
	defer freeOptions()
	return stream(func(out **C.ipc_stream) C.int32_t { return C.ipc_tcp_connect(h, s, o, limit(time), out) })
}

// TCPListen listens; "" as host is any address, as service a port of the kernel's choice.
func TCPListen(host, service, options string) (*Listener, error) {
	h, freeHost := orNull(host)
	defer freeHost()
	s, freeService := orNull(service)
	defer freeService()
	o, freeOptions := orNull(options)
	defer freeOptions()
	return listener(func(out **C.ipc_listener) C.int32_t { return C.ipc_tcp_listen(h, s, o, out) })
}

// UnixConnect connects to a path or "@name".
func UnixConnect(path, options string, time time.Duration) (*Stream, error) {
	p, freePath := c(path)
	defer freePath()
	o, freeOptions := orNull(options)
	defer freeOptions()
	return stream(func(out **C.ipc_stream) C.int32_t { return C.ipc_unix_connect(p, o, limit(time), out) })
}

// UnixListen listens at a path or "@name".
func UnixListen(path, options string) (*Listener, error) {
	p, freePath := c(path)
	defer freePath()
	o, freeOptions := orNull(options)
	defer freeOptions()
	return listener(func(out **C.ipc_listener) C.int32_t { return C.ipc_unix_listen(p, o, out) })
}

// Accept gives the next connection.
func (l *Listener) Accept(time time.Duration) (*Stream, error) {
	defer runtime.KeepAlive(l)
	return stream(func(out **C.ipc_stream) C.int32_t { return C.ipc_listener_accept(l.handle, limit(time), out) })
}

// Addr is where it listens.
func (l *Listener) Addr() (string, error) {
	defer runtime.KeepAlive(l)
	return text(func(room *C.char, size C.size_t) C.int32_t { return C.ipc_listener_addr(l.handle, room, size) })
}

// Port is where it listens.
func (l *Listener) Port() (int, error) {
	defer runtime.KeepAlive(l)
	return try(func() C.int64_t { return C.int64_t(C.ipc_listener_port(l.handle)) })
}

// Cancel ends each Accept that waits, and every later one that would have to.
func (l *Listener) Cancel() {
	C.ipc_listener_cancel(l.handle)
	runtime.KeepAlive(l)
}

// Sem is a set of System V semaphores, by id; only Remove removes it.
type Sem int

// Private is the key that no other get finds.
const Private = int32(C.PERLIPC_PRIVATE)

// SemCreate makes a set with these values.
func SemCreate(key int32, values []int32, mode uint32) (Sem, error) {
	all := append([]int32{}, values...)
	id, err := try(func() C.int64_t {
		return C.int64_t(C.ipc_sem_create(C.int32_t(key), (*C.int32_t)(data32(all)), C.int32_t(len(all)), C.uint32_t(mode)))
	})
	return Sem(id), err
}

func data32(values []int32) unsafe.Pointer {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Pointer(&values[0])
}

// Take takes one of a semaphore's units.
func (s Sem) Take(index int, time time.Duration) error {
	_, err := try(func() C.int64_t { return C.int64_t(C.ipc_sem_take(C.int32_t(s), C.int32_t(index), limit(time))) })
	return err
}

// Give gives one back.
func (s Sem) Give(index int) error {
	_, err := try(func() C.int64_t { return C.int64_t(C.ipc_sem_give(C.int32_t(s), C.int32_t(index))) })
	return err
}

// Value is a semaphore's.
func (s Sem) Value(index int) (int, error) {
	return try(func() C.int64_t { return C.int64_t(C.ipc_sem_value(C.int32_t(s), C.int32_t(index))) })
}

// Remove removes the set.
func (s Sem) Remove() error {
	_, err := try(func() C.int64_t { return C.int64_t(C.ipc_sem_remove(C.int32_t(s))) })
	return err
}

func bySignal(name string, call func(name *C.char) C.int32_t) (int, error) {
	s, free := c(name)
	defer free()
	return try(func() C.int64_t { return C.int64_t(call(s)) })
}

// SignalNumber is the number of a signal: "INT", "SIGINT", "RTMIN+1".
func SignalNumber(name string) (int, error) {
	return bySignal(name, func(s *C.char) C.int32_t { return C.ipc_signal_number(s) })
}

// SignalQueue keeps a signal for SignalNext; os/signal does not see it then.
func SignalQueue(name string) error {
	_, err := bySignal(name, func(s *C.char) C.int32_t { return C.ipc_signal_queue(s) })
	return err
}

// SignalIgnore discards a signal from now on, and what is under way of it: Perl's $SIG{X} = 'IGNORE'.
func SignalIgnore(name string) error {
	_, err := bySignal(name, func(s *C.char) C.int32_t { return C.ipc_signal_ignore(s) })
	return err
}

// SignalDefault gives a signal its default.
func SignalDefault(name string) error {
	_, err := bySignal(name, func(s *C.char) C.int32_t { return C.ipc_signal_default(s) })
	return err
}

// SignalKill sends a signal to a process, or to a group as a negative number.
func SignalKill(name string, pid int) error {
	_, err := bySignal(name, func(s *C.char) C.int32_t { return C.ipc_signal_kill(s, C.int32_t(pid)) })
	return err
}

// Signal is a queued one that has arrived: who sent it last, and how often it came.
type Signal struct {
	Name       string
	Pid, Count int
	Uid        uint32
	Value      int64
}

// SignalNext gives a queued signal that has arrived.
func SignalNext(time time.Duration) (*Signal, error) {
	var got *Signal
	_, err := try(func() C.int64_t {
		number := C.ipc_signal_next(limit(time))
		if number < 0 {
			return C.int64_t(number)
		}
		// The thread that took it knows the sender.
		var pid C.int32_t
		var uid C.uint32_t
		var value C.int64_t
		count := C.ipc_signal_sender(&pid, &uid, &value)
		got = &Signal{C.GoString(C.ipc_signal_name(number)), int(pid), int(count), uint32(uid), int64(value)}
		return C.int64_t(number)
	})
	return got, err
}

// SignalFile is readable when a queued signal is there, for Go's own poller; then SignalNext(0).
func SignalFile() (*os.File, error) {
	fd, err := try(func() C.int64_t { return C.int64_t(C.ipc_signal_fd()) })
	if err != nil {
		return nil, err
	}
	// The library keeps its own: the file has another description of the same pipe.
	return os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
