from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import threading
import time
import weakref
from typing import Any

import pytest

import perlipc as ipc
from conftest import eventually, until_asleep
from perlipc import Poll

ipc.SIG.fileno()  # made once for the process, and kept


def test_ready_gives_those_that_have_read_ahead_and_those_that_have_not() -> None:
    one, one_writer = ipc.pipe()
    other, other_writer = ipc.pipe()
    with one, one_writer, other, other_writer, Poll() as poll:
        one_writer.write(b"one\ntwo\n")
        other_writer.write(b"x")
        assert one.readline() == b"one\n"
        poll.add(one)
        poll.add(other)
        for _ in range(3):
            assert sorted(tag.fileno() for tag, _ in poll.ready(0)) == sorted([one.fileno(), other.fileno()])


def test_half_a_line_is_readable_and_no_line() -> None:
    reader, writer = ipc.pipe()
    with reader, writer, Poll() as poll:
        assert poll.next() is None and list(poll) == [] and poll.ready() == []
        assert poll and len(poll) == 0
        poll.add(reader, Poll.READ | Poll.LINE)
        assert reader in poll and writer not in poll
        assert poll.ready(0) == []
        with pytest.raises(TimeoutError):
            poll.next(0.001)
        writer.write(b"half")
        assert poll.next() == (reader, Poll.READ)
        writer.write(b" a line\nand another\n")
        assert poll.next(10) == (reader, Poll.READ | Poll.LINE)
        assert reader.readline() == b"half a line\n"
        # The other is in the buffer: the kernel has nothing.
        assert poll.ready(0) == [(reader, Poll.READ | Poll.LINE)]
        poll.change(reader, Poll.LINE)
        assert poll.ready(0) == [(reader, Poll.LINE)]
        assert reader.readline() == b"and another\n"
        assert poll.ready(0) == []
        poll.change(reader, 0)
        writer.close()
        assert poll.next() == (reader, Poll.HANGUP)
        poll.remove(reader)
        assert reader not in poll
        with pytest.raises(KeyError):
            poll.remove(reader)
        assert poll.next() is None


def test_text_streams_and_their_separators() -> None:
    reader, writer = ipc.pipe(text=True)
    with reader, writer, Poll() as poll:
        reader.separator = "é"
        poll.add(reader, Poll.LINE, "tag")
        writer.write("eins\nzw")
        assert poll.ready(0.001) == []
        writer.write("eié")
        assert poll.next(10) == ("tag", Poll.LINE)
        assert reader.readline() == "eins\nzweié"


def test_all_kinds() -> None:
    plain, other = socket.socketpair()
    read_fd, write_fd = os.pipe()
    with (
        plain,
        other,
        ipc.tcp_listen("127.0.0.1", 0) as listener,
        ipc.udp("127.0.0.1", 0) as dgram,
        ipc.open("|-", ["cat"]) as kid,
        open("/etc/passwd") as file,
        Poll() as poll,
    ):
        child = ipc.start(["sh", "-c", "exit 3"])
        for thing in (plain, read_fd, listener, dgram, kid):
            poll.add(thing)
        assert poll.ready(0) == [(kid, Poll.WRITE)]
        poll.remove(kid)
        poll.add(child, tag="kid")
        tag, events = poll.next(10) or (None, 0)
        assert tag == "kid" and events & Poll.EXIT
        assert child.wait(0).code == 3
        assert "kid" not in poll, "its end is told once"
        client = ipc.tcp_connect("127.0.0.1", listener.port)
        other.send(b"x")
        os.write(write_fd, b"x")
        ipc.udp("127.0.0.1", 0).send(b"x", dgram.address)
        poll.add(file)
        ready: set[Any] = set()
        while len(ready) < 5:
            ready |= {tag for tag, events in poll.ready(10) if events & Poll.READ}
        assert ready == {plain, read_fd, listener, dgram, file}
        for thing in ready & {file, plain, read_fd}:
            poll.remove(thing)
        listener.accept(timeout=10).close()
        client.close()
        dgram.recv()
        assert poll.ready(0) == []
        listener.close()
        dgram.close()
        assert poll.next() is None, "what is closed is out"
    os.close(read_fd)
    os.close(write_fd)


def test_what_cannot_be_entered() -> None:
    reader, writer = ipc.pipe()
    with reader, writer, Poll() as poll:
        for thing, events, error in (
            (writer, Poll.READ, OSError),
            (reader, Poll.WRITE, OSError),
            (reader, Poll.EXIT, ValueError),
            (reader, 1 << 20, ValueError),
            (0, Poll.LINE, ValueError),
            (9999, None, OSError),
            (object(), None, TypeError),
        ):
            with pytest.raises(error):
                poll.add(thing, events)  # type: ignore[arg-type]
            assert thing not in poll
        with pytest.raises(TypeError):
            poll.add(reader, Poll.READ, [])
        assert len(poll) == 0
        poll.add(reader)
        poll.add(reader, tag="again")
        assert len(poll) == 2, "the same may be in it twice"
    assert poll.closed
    with pytest.raises(ValueError, match="closed"):
        poll.next()


def test_closed_streams_are_forgotten() -> None:
    with Poll() as poll:
        for _ in range(300):
            reader, writer = ipc.pipe()
            poll.add(reader)
            writer.write(b"x")
            assert poll.next(10) == (reader, Poll.READ)
            reader.close()
            writer.close()
            assert reader not in poll and len(poll) == 0
        assert poll.next() is None


def test_signals() -> None:
    ran: list[str] = []
    told: list[tuple[object, int] | None] = []
    with ipc.local(ipc.SIG, USR1=ran.append), Poll() as poll:
        poll.add(ipc.SIG)
        assert ipc.SIG in poll
        # On the main thread it runs inside the wait, and another one is told of it.
        other = threading.Thread(target=lambda: told.append(poll.next(60)))
        other.start()
        os.kill(os.getpid(), signal.SIGUSR1)
        other.join()
        assert told == [(ipc.SIG, Poll.SIGNAL)]
        eventually(lambda: ran == ["USR1"])
        ipc.SIG.dispatch()
        with Poll() as mine:
            mine.add(ipc.SIG)
            os.kill(os.getpid(), signal.SIGUSR1)
            assert mine.ready(0.02) == [] and ran == ["USR1", "USR1"]


def test_handlers_run_and_may_raise() -> None:
    reader, writer = ipc.pipe()
    with reader, writer, Poll() as poll:
        poll.add(reader)
        ran: list[str] = []
        with ipc.local(ipc.SIG, ALRM=ran.append):
            ipc.alarm(0.01)
            begun = time.monotonic()
            assert poll.ready(0.05) == []
            assert ran == ["ALRM"] and time.monotonic() - begun >= 0.05

        def die(name: str) -> None:
            raise LookupError(name)

        with ipc.local(ipc.SIG, ALRM=die):
            with pytest.raises(LookupError):
                ipc.alarm(0.01)
                poll.next()

        # One that changes the set that is waited for; not by SIG, but Python's own.
        def change(number: int, frame: object) -> None:
            try:
                poll.next(0)
            except RuntimeError as error:
                assert str(error).startswith("poll: in use")
                poll.remove(reader)
            except TimeoutError:
                pass  # It has not begun to wait: the next one.

        before = signal.signal(signal.SIGALRM, change)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            assert poll.next(10) is None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def test_other_threads() -> None:
    reader, writer = ipc.pipe()
    extra_reader, extra_writer = ipc.pipe()
    with reader, writer, extra_reader, extra_writer, Poll() as poll:
        poll.add(reader, Poll.LINE)
        told: list[Any] = []
        thread = threading.Thread(target=lambda: told.extend(poll))
        thread.start()
        extra_writer.write(b"one\ntwo\n")
        assert extra_reader.readline() == b"one\n"
        time.sleep(0.01)
        # Its second line is in the buffer.
        poll.add(extra_reader, Poll.LINE, "extra")
        while not told:
            time.sleep(0.001)
        poll.remove("extra")
        poll.remove(reader)
        thread.join(10)
        assert not thread.is_alive() and told[0] == ("extra", Poll.LINE)
        poll.add(reader)
        thread = threading.Thread(target=lambda: told.append(pytest.raises(OSError, poll.next).value.errno))
        thread.start()
        assert thread.native_id is not None
        until_asleep(thread.native_id)
        poll.close()
        thread.join(10)
        assert told[-1] == errno.ECANCELED


def test_lines_of_both_outputs() -> None:
    with ipc.open3("echo a; echo b >&2; read l; echo $l; printf end >&2; exit 2", text=True) as kid:
        lines = kid.lines(timeout=10)
        assert sorted([next(lines), next(lines)]) == [("err", "b\n"), ("out", "a\n")]
        kid.writer.write("go\n")
        assert sorted(lines) == [("err", "end"), ("out", "go\n")]
    assert kid.child.wait().code == 2
    with ipc.open2("printf half; exec sleep 60") as two:
        with pytest.raises(TimeoutError):
            list(two.lines(timeout=0.2))
        assert two.reader.read1() == b"half", "nothing is lost"
        two.child.kill("KILL")
        assert list(two.lines()) == []


def test_lines_of_much() -> None:
    script = "for i in $(seq 2000); do echo out $i; echo err $i >&2; done"
    with ipc.open3(script, text=True) as kid:
        lines: dict[str, list[str]] = {"out": [], "err": []}
        for name, line in kid.lines():
            lines[name].append(line)
    for source, got in lines.items():
        assert got == [f"{source} {i}\n" for i in range(1, 2001)]


def test_select() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        assert ipc.select([reader], [writer], timeout=0) == ([], [writer], [])
        writer.write(b"a\nb\n")
        assert ipc.select([reader, reader], [writer], timeout=10) == ([reader, reader], [writer], [])
        assert reader.readline() == b"a\n"
        # It is in the buffer only.
        assert ipc.select([reader], timeout=10) == ([reader], [], [])
        assert reader.readline() == b"b\n"
        assert ipc.select([reader.fileno()], timeout=0.01) == ([], [], [])
        begun = time.monotonic()
        assert ipc.select([], timeout=0.02) == ([], [], [])
        assert time.monotonic() - begun >= 0.02
        child = ipc.start(["true"])
        assert ipc.select([child, reader], timeout=10) == ([child], [], [])
        child.wait()
        with pytest.raises(OSError) as raised:
            ipc.select([], [9999], timeout=0)
        assert raised.value.errno == errno.EBADF
        with pytest.raises(ValueError):
            ipc.select([], timeout=-1)
        with pytest.raises(TypeError):
            ipc.select([object()])  # type: ignore[list-item]


def test_a_fork_has_a_set_of_its_own() -> None:
    reader, writer = ipc.pipe()
    with reader, writer, Poll() as poll:
        poll.add(reader, Poll.LINE)
        assert poll.ready(0) == []

        def child() -> int:
            poll.remove(reader)
            return 0 if poll.next() is None else 1

        assert ipc.fork(child).wait(10).code == 0
        writer.write(b"x\n")
        assert poll.next(10) == (reader, Poll.LINE)


def test_a_tag_that_holds_the_set() -> None:
    class Loop:
        def __init__(self) -> None:
            self.poll = Poll()
            self.reader, self.writer = ipc.pipe()
            self.poll.add(self.reader, tag=self)

    loop = Loop()
    assert repr(loop.poll) == "<perlipc.Poll of 1>"
    gone = weakref.ref(loop)
    poll = weakref.ref(loop.poll)
    del loop
    gc.collect()
    assert gone() is None and poll() is None


class _File:
    def __init__(self, told: object) -> None:
        self.told = told

    @property
    def fileno(self) -> Any:
        if isinstance(self.told, BaseException):
            raise self.told
        return lambda: self.told


def test_what_a_file_says_of_its_descriptor() -> None:
    with ipc.Poll() as poll:
        with pytest.raises(ValueError, match="^fd: 1180591620717411303424 is out of range$"):
            poll.add(_File(1 << 70))
        with pytest.raises(KeyboardInterrupt, match="^as asked$"):
            poll.add(_File(KeyboardInterrupt("as asked")))
        with pytest.raises(TypeError, match="has no descriptor"):
            poll.add(_File(AttributeError()))
        assert len(poll) == 0


def test_a_tag_that_is_not_there_is_the_errors_key() -> None:
    with ipc.Poll() as poll:
        for tag in (None, ("a", 1), "a"):
            with pytest.raises(KeyError) as caught:
                poll.remove(tag)
            assert caught.value.args == (tag,)
