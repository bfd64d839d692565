//go:build ignore

// `sort` through open2 under a deadline, and what a command that is not there and one that is too slow look like.
package main

import (
	"errors"
	"fmt"
	"log"
	"time"

	perlipc "example.org/perlipc/bindings/go"
)

func main() {
	reader, writer, err := perlipc.Command("sort").Open2()
	if err != nil {
		log.Fatal(err)
	}
	reader.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprint(writer, "pear\napple\nfig\n")
	writer.Close()
	for line, err := reader.ReadLine(); err == nil; line, err = reader.ReadLine() {
		fmt.Print(line)
	}
	reader.Close()
	fmt.Println("sort", reader.Status())

	_, _, err = perlipc.Command("/no/such/sort").Open2()
	fmt.Println(err)

	slow, _, err := perlipc.Command("sleep", "60").Open2()
	if err != nil {
		log.Fatal(err)
	}
	slow.SetDeadline(time.Now().Add(50 * time.Millisecond))
	var failure *perlipc.Error
	if _, err = slow.ReadLine(); errors.As(err, &failure) {
		fmt.Println(failure.Name)
	}
	status, _ := slow.Child().End(time.Second)
	fmt.Println("sleep", status)
}
