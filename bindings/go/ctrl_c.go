//go:build ignore

// Blocks in the call that is named until Ctrl-C has reached Go's own handler: see tests/ctrl_c.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"time"

	perlipc "example.org/perlipc/bindings/go"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var child *perlipc.Child
	var sem perlipc.Sem = -1
	started := func() *perlipc.Child {
		child = must(perlipc.Command("sleep", "60").Start())
		return child
	}
	reader, writer, _ := perlipc.Pipe()
	calls := map[string]func() error{
		"read":     func() error { _, err := reader.Read(make([]byte, 1)); return err },
		"readline": func() error { _, err := reader.ReadLine(); return err },
		"write":    func() error { _, err := writer.Write(make([]byte, 1<<20)); return err },
		"close": func() error {
			stream := must(perlipc.Command("sleep", "60").Open("-|"))
			child = stream.Child()
			return stream.Close()
		},
		"wait":     func() error { _, err := started().Wait(perlipc.Forever); return err },
		"wait_any": func() error { started(); _, _, err := perlipc.WaitAny(perlipc.Forever); return err },
		"wait_pid": func() error { _, _, err := perlipc.WaitPid(started().Pid(), perlipc.Forever); return err },
		// What is left of it ends by itself.
		"capture": func() error { _, err := perlipc.Command("sleep", "5").Capture(nil, perlipc.Forever); return err },
		"expect": func() error {
			list := perlipc.NewExpect()
			list.Text("never")
			_, err := list.Wait(reader, perlipc.Forever)
			return err
		},
		"accept": func() error {
			_, err := must(perlipc.TCPListen("127.0.0.1", "", "")).Accept(perlipc.Forever)
			return err
		},
		"connect": func() error {
			name := fmt.Sprintf("@perlipc-go-%d", os.Getpid())
			listener := must(perlipc.UnixListen(name, "backlog=0"))
			first := must(perlipc.UnixConnect(name, "", perlipc.Forever))
			_, err := perlipc.UnixConnect(name, "", perlipc.Forever)
			listener.Cancel()
			first.Cancel()
			return err
		},
		"sem": func() error {
			sem = must(perlipc.SemCreate(perlipc.Private, []int32{0}, 0600))
			return sem.Take(0, perlipc.Forever)
		},
		"next": func() error {
			perlipc.SignalQueue("USR1")
			_, err := perlipc.SignalNext(perlipc.Forever)
			return err
		},
	}
	if len(os.Args) < 2 {
		for name := range calls {
			fmt.Println(name)
		}
		return
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		<-interrupts
		fmt.Println("interrupted")
		if child != nil {
			child.Kill("KILL")
		}
		if sem >= 0 {
			sem.Remove()
		}
		os.Exit(0)
	}()
	fmt.Println("ready")
	err := calls[os.Args[1]]()
	time.Sleep(time.Second) // for the handler, whose end is the program's
	fmt.Println(err)
}
