// The Go binding: each noun once, the constants that it got from perlipc.h, and what Go's runtime adds.
package perlipc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func same(t *testing.T, is, want any) {
	t.Helper()
	if is != want {
		t.Fatalf("is %v, not %v", is, want)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func fails(t *testing.T, name string, err error) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("is %v, not %s", err, name)
	}
	same(t, failure.Name, name)
	return failure
}

func slurp(t *testing.T, stream io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(stream)
	same(t, err, nil)
	return string(all)
}

func TestDeclarations(t *testing.T) {
	var surface struct{ Constants map[string]int }
	same(t, json.Unmarshal(must(os.ReadFile("../../include/perlipc.json")), &surface), nil)
	same(t, int(Private), surface.Constants["PERLIPC_PRIVATE"])
	count := 0
	for name, value := range surface.Constants {
		if strings.HasPrefix(name, "PERLIPC_E_") {
			same(t, nameOf(value), name)
			count++
		}
	}
	same(t, count > 9, true)
}

func TestErrors(t *testing.T) {
	_, _, err := Command("/no/such/program").Open2()
	failure := fails(t, "ENOENT", err)
	same(t, err.Error(), "exec /no/such/program: No such file or directory")
	same(t, failure.Step+" "+failure.Path, "exec /no/such/program")
	same(t, errors.Is(err, fs.ErrNotExist), true)
	_, err = Open("no bar")
	fails(t, "PERLIPC_E_INVALID", err)
	_, err = Command("true").Dir("/no/such").Start()
	fails(t, "ENOENT", err)
	for _, cmd := range []*Cmd{Command("echo", "a\x00b"), Shell("echo a\x00b"), Command("true").Env("A", "a\x00b")} {
		_, err = cmd.Start() // never cut without a word
		fails(t, "PERLIPC_E_INVALID", err)
	}
	_, err = UnixConnect("/tmp\x00b", "", 0)
	fails(t, "PERLIPC_E_INVALID", err)
	_, err = TCPListen("127.0.0.1\x00", "", "")
	fails(t, "PERLIPC_E_INVALID", err)
}

// What failed last belongs to a thread: a goroutine that is moved must not get another's text.
func TestErrorsOfManyGoroutines(t *testing.T) {
	var all sync.WaitGroup
	for i := 0; i < 50; i++ {
		all.Add(1)
		go func(program string) {
			defer all.Done()
			for n := 0; n < 20; n++ {
				_, err := Command(program).Start()
				if want := "exec " + program + ": No such file or directory"; err == nil || err.Error() != want {
					t.Errorf("is %v, not %s", err, want)
				}
				runtime.Gosched()
			}
		}(fmt.Sprintf("/no/such/%d", i))
	}
	all.Wait()
}

func TestSignals(t *testing.T) {
	same(t, SignalQueue("USR2"), nil)
	_, err := SignalNext(0)
	same(t, fails(t, "ETIMEDOUT", err).Timeout(), true)
	same(t, SignalKill("USR2", os.Getpid()), nil)
	got := must(SignalNext(10 * time.Second))
	same(t, *got, Signal{Name: "USR2", Pid: os.Getpid(), Count: 1, Uid: uint32(os.Getuid())})
	same(t, SignalDefault("USR2"), nil)
	same(t, must(SignalNumber("SIGTERM")), int(syscall.SIGTERM))
}

// Go's own handlers run while goroutines are blocked in the library, whose kernel handler uses Go's signal stacks.
func TestSignalsOfGo(t *testing.T) {
	hups := make(chan os.Signal, 100)
	signal.Notify(hups, syscall.SIGHUP)
	defer signal.Stop(hups)
	same(t, SignalQueue("USR2"), nil)
	reader, writer, err := Pipe()
	same(t, err, nil)
	done := make(chan error)
	for i := 0; i < 8; i++ { // busy goroutines, so that signals meet Go's stacks
		go func() {
			for n := 0; n < 200; n++ {
				syscall.Kill(os.Getpid(), syscall.SIGUSR2)
				SignalNext(0)
			}
			done <- nil
		}()
	}
	go func() { _, err := reader.ReadLine(); done <- err }()
	syscall.Kill(os.Getpid(), syscall.SIGHUP)
	<-hups
	for i := 0; i < 8; i++ {
		<-done
	}
	writer.Write([]byte("line\n"))
	same(t, <-done, nil)
	// What is still under way to some thread must not meet the default.
	same(t, SignalIgnore("USR2"), nil)
	same(t, SignalDefault("USR2"), nil)
}

func TestPopen(t *testing.T) {
	stream := must(Open("printf 'one\\ntwo\\n'; exit 3 |"))
	same(t, must(stream.ReadLine())+must(stream.ReadLine()), "one\ntwo\n")
	_, err := stream.ReadLine()
	same(t, err, io.EOF)
	same(t, stream.Close(), nil)
	same(t, stream.Status().Code(), 3)
	same(t, stream.Status().String(), "exited with 3")
	same(t, slurp(t, must(Command("echo", "$HOME;").Open("-|"))), "$HOME;\n")
	writer := must(Command("sh", "-c", "read x; [ $x = hello ]").Open("|-"))
	fmt.Fprintln(writer, "hello")
	same(t, writer.Close(), nil)
	same(t, writer.Status().OK(), true)
	same(t, must(Shell("kill $$").Run(Forever)).Signal(), syscall.SIGTERM)
	status, err := Command("sleep", "60").Run(20 * time.Millisecond)
	fails(t, "ETIMEDOUT", err)
	same(t, status.String(), "killed by TERM")
}

func TestOpen2(t *testing.T) {
	reader, writer, err := Command("cat", "-u").Open2()
	same(t, err, nil)
	for i := 0; i < 10; i++ {
		fmt.Fprintln(writer, "stuff")
		same(t, must(reader.ReadLine()), "stuff\n")
	}
	reader.SetTimeout(20 * time.Millisecond)
	_, err = reader.ReadLine()
	fails(t, "ETIMEDOUT", err)
	reader.SetTimeout(Forever)
	writer.Close()
	same(t, reader.Close(), nil)
	same(t, reader.Status().OK(), true)
	_, out, errs, err := Command("sh", "-c", "echo out; echo err >&2").Open3()
	same(t, err, nil)
	same(t, slurp(t, out)+slurp(t, errs), "out\nerr\n")
}

func TestCapture(t *testing.T) {
	said := must(Command("sh", "-c", "tr a-z A-Z; echo no >&2; exit 4").Capture([]byte(strings.Repeat("loud\n", 1e5)), Forever))
	same(t, string(said.Output) == strings.Repeat("LOUD\n", 1e5), true)
	same(t, string(said.Errors)+said.Status.String(), "no\nexited with 4")
	for _, ms := range []time.Duration{200, 800, 3200, 12800} { // as much time as it needs
		var err error
		said, err = Shell("echo begun; exec sleep 60").Capture(nil, ms*time.Millisecond)
		fails(t, "ETIMEDOUT", err)
		if len(said.Output) > 0 {
			break
		}
	}
	same(t, string(said.Output)+said.Status.String(), "begun\nkilled by TERM")
	same(t, string(must(Shell("echo $A; pwd").Env("A", "hello").Dir("/").Capture(nil, Forever)).Output), "hello\n/\n")
	same(t, string(must(Command("cat").Capture([]byte{}, Forever)).Output), "")
}

func TestExpect(t *testing.T) {
	shell := must(Command("sh", "-c", `while read x; do echo "got $x."; done`).Pty(24, 80))
	fmt.Fprint(shell, "6*7\nsix\n")
	list := NewExpect()
	same(t, must(list.Text("nothing")), 0)
	same(t, must(list.Regex(`got (\w+)\.`)), 1)
	same(t, must(list.Wait(shell, 10*time.Second)), 1)
	same(t, string(shell.Before())+string(shell.Match(0))+string(shell.Match(1)), "got 6*7.\ngot six.six")
	_, err := list.Wait(shell, 10*time.Millisecond)
	fails(t, "ETIMEDOUT", err)
	fmt.Fprint(shell, "\x04")
	same(t, must(list.EOF()), 2)
	same(t, must(list.Wait(shell, 10*time.Second)), 2)
	same(t, shell.Close(), nil)
}

func TestTCP(t *testing.T) {
	listener := must(TCPListen("127.0.0.1", "", ""))
	client := must(TCPConnect("127.0.0.1", fmt.Sprint(must(listener.Port())), "nodelay", 10*time.Second))
	server := must(listener.Accept(10 * time.Second))
	same(t, must(server.Peer()), must(client.Addr()))
	fmt.Fprintln(client, "question")
	client.Shutdown()
	same(t, slurp(t, server), "question\n")
	fmt.Fprint(server, "answer")
	server.Close()
	same(t, slurp(t, client), "answer")
	_, err := listener.Accept(10 * time.Millisecond)
	fails(t, "ETIMEDOUT", err)
}

func TestSem(t *testing.T) {
	sem := must(SemCreate(Private, []int32{1}, 0600))
	same(t, sem.Take(0, Forever), nil)
	fails(t, "ETIMEDOUT", sem.Take(0, 10*time.Millisecond))
	same(t, sem.Give(0), nil)
	same(t, must(sem.Value(0)), 1)
	same(t, sem.Remove(), nil)
	_, err := sem.Value(0)
	fails(t, "EINVAL", err)
}

func TestCancel(t *testing.T) {
	reader, _, err := Pipe()
	same(t, err, nil)
	done := make(chan error)
	go func() { _, err := reader.ReadLine(); done <- err }()
	time.Sleep(time.Millisecond) // either way: no moment is too early
	same(t, reader.Cancel(), nil)
	fails(t, "PERLIPC_E_CANCELED", <-done)
}

// The descriptors of streams, children and signals in Go's own poller.
func TestPoller(t *testing.T) {
	reader, writer, err := Command("sh", "-c", "read x; echo $x; kill -USR2 $PPID").Open2()
	same(t, err, nil)
	same(t, SignalQueue("USR2"), nil)
	signals := must(SignalFile())
	child := reader.Child()
	pidfd := must(polled(must(syscall.Dup(must(child.Fd())))))
	out := must(reader.File())
	same(t, out.SetReadDeadline(time.Now().Add(5*time.Millisecond)), nil) // what only the poller's files can
	_, err = out.Read(make([]byte, 1))
	same(t, os.IsTimeout(err), true)
	same(t, out.SetReadDeadline(time.Time{}), nil)
	fmt.Fprintln(writer, "here")
	same(t, slurp(t, out), "here\n")
	signals.SetReadDeadline(time.Now().Add(10 * time.Second))
	must(signals.Read(make([]byte, 64)))
	same(t, must(SignalNext(0)).Name, "USR2")
	ready := false
	pidfd.SetReadDeadline(time.Now().Add(10 * time.Second))
	same(t, must(pidfd.SyscallConn()).Read(func(uintptr) bool {
		_, err := child.Wait(0)
		ready = err == nil
		return ready
	}), nil)
	same(t, ready, true)
	same(t, must(child.Wait(0)).OK(), true)
	pidfd.Close()
	signals.Close()
	same(t, SignalDefault("USR2"), nil)
}
