#!/usr/bin/env python3
"""A tour of perlipc from Python: pipes, backticks, errors that name their step, deadlines that end whole trees, statuses,
signals, a dialogue on a terminal, a server that forks, a value that processes share, a poll set, asyncio.

The same tour as examples/c/tour.c.
"""

import asyncio
import os
import re
import time

import perlipc as ipc
from perlipc import aio


def section(title: str) -> None:
    print(f"\n{title}", flush=True)


def pipeline() -> None:
    """A pipeline, read line by line: open(FH, "cmd |")."""
    section("The protocols of /etc/services, counted by a pipeline:")
    count = """awk '$2 ~ "/" {sub(".*/", "", $2); print $2}' /etc/services | sort | uniq -c | sort -rn |"""
    with ipc.open(count) as counts:
        for line in counts:
            print("  ", line.decode(), sep="", end="")
    print(f"  and the pipeline {counts.status!s}")


def backtick() -> None:
    """Backticks without a shell: no word of the list is ever interpreted."""
    section("A backtick that nobody can inject into:")
    print(ipc.qx(["printf", "  the argument was: %s", "$(rm -rf ~); `id` > /etc/passwd"], text=True))


def writer() -> None:
    """Writing to a command: open(FH, "|-", LIST). Leaving the block flushes and waits."""
    section("Written to a command, in any order, and read by sort:")
    with ipc.open("|-", ["sort"]) as sort:
        for word in (b"  gamma\n", b"  alpha\n", b"  beta\n"):
            sort.write(word)


def header() -> None:
    """$/ = "" and then $/ = "\n": a header is a paragraph, what follows are lines; peek looks and takes nothing."""
    section("A message, looked at before it is read, its header whole and its body by lines:")
    with ipc.open("-|", ["printf", "From: camel\nTo: llama\n\n\nthe body\nthat follows\n"], text=True) as mail:
        print(f"  it begins with {mail.peek(5)}")
        mail.separator = ""
        print(f"  a header of {mail.readline().count(':')} fields")
        mail.separator = "\n"
        for line in mail:
            print("  ", line, sep="", end="")


def errors() -> None:
    """A program that cannot be run is an OSError at once; it names the step, the file and the reason."""
    section("Errors say which step failed, on what, and why:")
    try:
        ipc.start(["/no/such/program"])
    except FileNotFoundError as error:
        print(f"  {error}")
    try:
        ipc.start(["true"], cwd="/no/such/dir")
    except FileNotFoundError as error:
        print(f"  {error}")
    try:
        ipc.qx(["sh", "-c", "echo complaint >&2; exit 3"])
    except ipc.ChildError as error:
        print(f"  {error.status}: it said {error.stderr!r}")


def deadline() -> None:
    """A deadline ends a command with all that it has started; what it said until then is there."""
    section("A command with children of its own, ended at its deadline of 300 ms:")
    start = time.monotonic()
    try:
        ipc.qx("echo '  working'; sleep 100 & sleep 100 & trap '' TERM; sleep 100; wait", timeout=0.3, grace=0.2, text=True)
    except ipc.CommandTimeout as timeout:
        print(timeout.stdout, end="")
        print(f"  {timeout.status}, after {time.monotonic() - start:.1f} s")


def statuses() -> None:
    """$? in words, as a number, and as a shell would say it."""
    section("Statuses:")
    for script in ("exit 0", "exit 3", "kill -TERM $$", "kill -KILL $$"):
        status = ipc.system(["sh", "-c", script])
        print(f"  {script:14} {status!s:16} $? {int(status):5}, code {status.code}, signal {status.signal}")


def deferred() -> None:
    """$SIG{USR1} = sub { ... }: the handler runs inside the read, which goes on."""
    section("A handler that prints in the middle of a read, which goes on:")
    with ipc.local(ipc.SIG, USR1=lambda name: print(f"  SIG{name}, while we wait for a line")):
        with ipc.open(f"sleep 0.1; kill -USR1 {os.getpid()}; sleep 0.1; echo '  and the line came' |", text=True) as slow:
            print(slow.readline(), end="")


def ignored() -> None:
    """{ local $SIG{INT} = 'IGNORE'; ... }: until the scope ends."""
    section("Ctrl-C, ignored for a while:")
    with ipc.local(ipc.SIG, INT="IGNORE"):
        ipc.kill("INT", os.getpid())
        print(f"  still here: INT is {ipc.SIG['INT']},", end=" ")
    print(f"and then {ipc.SIG['INT']!r} again")


class AlarmClock(Exception):
    pass


def timeout() -> None:
    """eval { local $SIG{ALRM} = sub { die }; alarm 0.2; ...; alarm 0 }: around any call that blocks."""
    section("A read that nothing would end, given up by an alarm of 200 ms:")

    def die(name: str) -> None:
        raise AlarmClock

    reader, writer = ipc.pipe()
    start = time.monotonic()
    try:
        with reader, writer, ipc.local(ipc.SIG, ALRM=die):
            ipc.alarm(0.2)
            reader.readline()
            ipc.alarm(0)
    except AlarmClock as given_up:
        print(f"  {given_up!r}, after {time.monotonic() - start:.1f} s")


def reaper() -> None:
    """$SIG{CHLD} = sub { while ((my $kid = waitpid(-1, WNOHANG)) > 0) { $status{$kid} = $? } }"""
    section("Three children, and a reaper that hears of each:")
    codes: list[int | None] = []

    def reap(name: str) -> None:
        try:
            while (status := ipc.waitpid(-1, timeout=0)) is not None:
                codes.append(status.code)
        except ChildProcessError:
            pass  # the next one is not started yet, or there is none

    with ipc.local(ipc.SIG, CHLD=reap):
        for script in ("exit 1;", "sleep 0.1; exit 2;", "sleep 0.2; exit 3;"):
            ipc.start(script)
        while len(codes) < 3:
            ipc.SIG.dispatch(1)  # until one more has run
    print("  they exited with {}, {} and {}".format(*codes))


def dialogue() -> None:
    """A dialogue: the login asks its terminal, and expect waits for each question."""
    section("A login that believes it talks to a terminal:")
    login = (
        "printf 'name? '; read -r name; printf 'word? '; stty -echo; read -r word;"
        ' echo; test -t 0 && echo "welcome, $name"'
    )
    with ipc.open_pty(login) as terminal:
        terminal.expect(b"name? ")
        terminal.write(b"camel\n")
        terminal.expect(b"word? ")
        terminal.write(b"hump\n")
        welcome = terminal.expect(re.compile(rb"welcome, (\w+)"))
        print(f"  it let {(welcome.groups[0] or b'').decode()} in")


def shout(client: ipc.Stream[bytes]) -> None:
    """In a process of its own for each client."""
    client.write(client.readline().upper())


def server() -> None:
    """The manual's server, which forks for each client; TERM lets it finish what it has accepted."""
    section("A server that forks, and three clients, one of which stops it:")
    listener = ipc.tcp_listen("127.0.0.1", 0)
    port = listener.port
    clients = ipc.fork()
    if clients is None:
        for _ in range(3):
            with ipc.tcp_connect("127.0.0.1", port) as connection:
                connection.write(b"from a client\n")
                print("  ", connection.readline().decode(), sep="", end="", flush=True)
        ipc.kill("TERM", os.getppid())
        os._exit(0)
    report = ipc.serve(listener, shout)
    print(f"  it has served {report.ok}, and the clients' process {clients.wait(5)!s}")


def shared() -> None:
    """What the manual says cannot be done: a variable that processes share."""
    section("A counter that four processes share, each adding 1000:")
    counter = ipc.Shared(size=4)
    counter.pack("i", 0)
    adders = []
    for _ in range(4):
        adder = ipc.fork()
        if adder is None:
            for _ in range(1000):
                with counter:
                    counter.pack("i", counter.unpack("i")[0] + 1)
            os._exit(0)
        adders.append(adder)
    for adder in adders:
        adder.wait(10).check()
    print(f"  it stands at {counter.unpack('i')[0]}")


SCRIPTS = ("printf 'the slow '; sleep 0.2; echo one |", "echo the quick one |")


def heard() -> None:
    """Who speaks first is heard first; half a line is not told."""
    section("Two commands, heard as they speak:")
    with ipc.Poll() as poll:
        for script in SCRIPTS:
            poll.add(ipc.open(script), ipc.Poll.LINE)
        count = len(SCRIPTS)
        while count:
            for stream, _ in poll.ready(5):
                if line := stream.readline():
                    print("  ", line.decode(), sep="", end="")
                else:
                    poll.remove(stream)
                    stream.close()
                    count -= 1


async def on_a_loop() -> None:
    """The same on asyncio, by descriptors: no thread is started."""
    section("The same, on asyncio:")

    async def hear(script: str) -> None:
        async with await aio.open(script) as stream:
            async for line in stream:
                print("  ", line.decode(), sep="", end="")

    await asyncio.gather(*map(hear, SCRIPTS))


def main() -> None:
    print("perlipc, from Python")
    pipeline()
    backtick()
    writer()
    header()
    errors()
    deadline()
    statuses()
    deferred()
    ignored()
    timeout()
    reaper()
    dialogue()
    server()
    shared()
    heard()
    asyncio.run(on_a_loop())


if __name__ == "__main__":
    main()
