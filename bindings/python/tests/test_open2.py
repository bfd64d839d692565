from __future__ import annotations

import fcntl
import os
import pickle
import select
import termios
import threading
import time
from collections.abc import Callable

import pytest

import perlipc as ipc
from conftest import stopped


def test_open2_talks_line_by_line() -> None:
    reader, writer, pid = ipc.open2(["cat", "-u", "-n"], text=True)
    for n in range(1, 11):
        writer.write("stuff\n")
        assert reader.readline() == f"{n:6}\tstuff\n"
    assert reader.child.pid == pid
    assert reader.close() is None
    assert writer.close().ok


def test_open3_apart_merged_and_given() -> None:
    with ipc.open3("read l; echo out $l; echo err $l >&2; exit 3") as kid:
        kid.writer.write(b"x\n")
        assert kid.reader.readline() == b"out x\n"
        assert kid.error is not None and kid.error.readline() == b"err x\n"
    status = kid.child.status
    assert status is not None and status.code == 3
    writer, reader, error, _pid = ipc.open3("echo a; echo b >&2", merge=True)
    assert error is None and reader.read() == b"a\nb\n"
    writer.close()
    reader.close()
    with open("/etc/passwd", "rb") as file:
        kid = ipc.open3(["head", "-n", "1"], stdin=file)
        assert kid.writer is None
        assert kid.reader.read().startswith(b"root:")
        kid.close()


def test_what_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        ipc.open2(["no-such-program"])
    with pytest.raises(FileNotFoundError):
        ipc.open_pty(["no-such-program"])
    with pytest.raises(ValueError):
        ipc.open2(["cat"], stdout="null")


def test_communicate_any_amount() -> None:
    data = bytes(range(251)) * 20000
    said = ipc.open3("tee /dev/stderr").communicate(data)
    assert said.stdout == data and said.stderr == data
    assert said.status.ok and said.fed == len(data)


def test_what_a_handler_raises_out_of_communicate_has_what_came() -> None:
    class Late(Exception):
        result: ipc.Result[str]

    def late(_: str) -> None:
        raise Late

    kid = ipc.open3("head -c 4; echo err >&2; read -r rest; echo then $rest", text=True)
    with ipc.local(ipc.SIG, ALRM=late), pytest.raises(Late) as raised:
        kid.writer.write("one\n")
        while not kid.reader._fill():
            pass
        assert kid.error is not None and select.select([kid.error], [], [], 20)[0]
        # What was read ahead is part of it; the writer stays open, so that the child waits for the rest.
        keep = os.dup(kid.writer.fileno())
        ipc.alarm(0.2)
        kid.communicate("two ")
    said = raised.value.result
    assert (said.stdout, said.stderr, said.fed, said.status.known) == ("one\n", "err\n", 4, False)
    os.write(keep, b"three\n")
    os.close(keep)
    assert kid.communicate().stdout == "then two three\n"


def test_communicate_goes_on_after_its_timeout() -> None:
    kid = ipc.open2("echo early; cat >/dev/null; echo late", text=True)
    first = kid.reader.readline()
    assert first == "early\n"
    gate, opener = ipc.pipe()
    slow = ipc.open2("cat >/dev/null; read l <&3; echo late", text=True, fds={3: gate.fileno()})
    said = slow.communicate("x", timeout=0.05)
    assert said.timed_out and said.stdout == ""
    opener.close()
    gate.close()
    assert slow.communicate(timeout=10).stdout == "late\n"
    assert kid.communicate("x").stdout == "late\n"


def test_a_child_that_has_ended_is_not_said_to_run() -> None:
    reader, writer = ipc.pipe()
    kid = ipc.open2("cat <&3 & exit 3", fds={3: reader.fileno()})
    kid.child.wait()
    said = kid.communicate(timeout=0.05)
    assert said.timed_out and said.status.code == 3, "who was left behind has the pipes"
    assert repr(said) == "Result(Status(exited with 3), stdout=b'', stderr=b'', timed out)"
    writer.write(b"late")
    writer.close()
    assert repr(kid.communicate(timeout=10)) == "Result(Status(exited with 3), stdout=b'late', stderr=b'')"


def test_a_limit_in_a_forked_process_asks_for_no_status() -> None:
    kid = ipc.open2(["cat"])

    def talk() -> None:
        # The parent's writer keeps it alive.
        said = kid.communicate(b"x", timeout=1)
        assert said.timed_out and not said.status.known and said.stdout == b"x"
        with pytest.raises(ChildProcessError):
            kid.child.poll()

    with ipc.open("-|", talk) as forked:
        pass
    assert forked.status is not None and forked.status.ok
    assert kid.communicate(b"y").stdout == b"y"


def test_communicate_waits_for_the_end_whenever_it_is_called() -> None:
    kid = ipc.open2("exec >&-; kill -STOP $$; exit 3")
    stopped(kid.child)
    said = kid.communicate(timeout=0.1)
    assert said.timed_out and kid.reader.closed
    assert repr(said) == repr(pickle.loads(pickle.dumps(said))) == "Result(running, stdout=b'', stderr=b'', timed out)"
    assert not kid.communicate(timeout=0.1).status.known
    kid.child.kill("CONT")
    for _ in range(2):
        assert repr(kid.communicate(timeout=10)) == "Result(Status(exited with 3), stdout=b'', stderr=b'')"


def test_a_stream_that_was_detached_is_none_of_the_child_s() -> None:
    with ipc.open3("cat; echo oops >&2; exit 3") as kid:
        assert kid.error is not None
        fd = kid.error.detach()
        assert kid.communicate(b"x", timeout=10).status.code == 3
        with open(fd, "rb") as errors:
            assert errors.read() == b"oops\n"
    kid2 = ipc.open2("cat; exit 4")
    os.close(kid2.writer.detach())
    status = kid2.close()
    assert status is not None and status.code == 4


def test_the_time_of_communicate_is_not_that_of_close() -> None:
    kid = ipc.open2("exec >&-; kill -STOP $$; exit 3")
    stopped(kid.child)
    assert kid.communicate(timeout=0.1).timed_out
    kid.child.kill("CONT")
    status = kid.close()
    assert status is not None and status.code == 3


def test_input_that_nobody_is_to_hear_is_an_error() -> None:
    with ipc.open2(["cat"]) as kid:
        kid.writer.close()
        with pytest.raises(ValueError, match="closed"):
            kid.communicate(b"x")
    with ipc.open3(["cat"], stdin="null") as kid:
        with pytest.raises(ValueError, match="redirected"):
            kid.communicate(b"x")
        assert kid.communicate().ok


def test_lines_by_turns_and_none_by_more_than_one_look() -> None:
    kid = ipc.open3("seq 1000; seq 500 >&2", text=True)
    kid.child.wait(10)
    kid.error._fill()  # type: ignore[union-attr]
    kid.reader._fill()
    told = list(kid.lines(timeout=10))
    assert [name for name, _ in told[:1000]] == ["out", "err"] * 500
    for name, count in (("out", 1000), ("err", 500)):
        assert [line for of, line in told if of == name] == [f"{n}\n" for n in range(1, count + 1)]
    kid.close()


@pytest.mark.parametrize("separator", [b"\n", b"y\n", 1000])
def test_lines_of_one_who_never_ends(separator: bytes | int) -> None:
    with pytest.raises(TimeoutError, match="timed out"), ipc.open3("yes & exec yes >&2") as kid:
        assert kid.error is not None and kid.reader.readline() == kid.error.readline()
        kid.reader.separator = separator
        for timeout in (0, 0.2):
            names = set()
            with pytest.raises(TimeoutError, match="timed out"):
                # It would come back in a minute, if not in time.
                end = time.monotonic() + 60
                for name, _ in kid.lines(timeout=timeout):
                    names.add(name)
                    assert time.monotonic() < end
        assert names == {"out", "err"}
        # One that takes its time over each line gets no more of them than fit into it.
        for slow, _ in enumerate(kid.lines(timeout=0.1)):
            time.sleep(0.05)
            assert slow < 5


def test_lines_without_time_are_those_that_are_there() -> None:
    kid = ipc.open3("seq 1000; seq 500 >&2; printf half")
    kid.child.wait(10)
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="not negative"):
            list(kid.lines(timeout=wrong))
    told = list(kid.lines(timeout=0))
    assert len(told) == 1501 and ("out", b"half") in told
    kid.close()


def test_lines_of_a_stream_that_is_closed_meanwhile() -> None:
    with ipc.open3("seq 1000; seq 5 >&2") as kid:
        kid.child.wait(10)
        told = []
        for one in kid.lines(timeout=10):
            told.append(one)
            kid.reader.close()
        assert [name for name, _ in told].count("err") == 5 and len(told) in (5, 6)


def test_leaving_on_an_exception_ends_the_child() -> None:
    with pytest.raises(KeyError), ipc.open2(["sleep", "100"]) as kid:
        raise KeyError
    assert kid.child.wait(5).signal is not None


def test_output_on_a_terminal_and_errors_on_a_pipe() -> None:
    with ipc.open3("test -t 1 && echo tty; test -t 2 || echo pipe >&2; exec cat", stdout="tty") as kid:
        assert kid.reader.readline(timeout=10) == b"tty\n"
        assert kid.error is not None and kid.error.readline(timeout=10) == b"pipe\n"


def shout() -> int:
    # Not sys.stdin, which is the test runner's.
    with open(0) as lines:
        for line in lines:
            os.write(1, line.upper().encode())
    os.write(2, b"over\n")
    return 5


def test_a_function_at_the_other_end() -> None:
    with ipc.open2(shout, text=True) as kid:
        kid.writer.write("hello\n")
        assert kid.reader.readline(timeout=10) == "HELLO\n"
    assert kid.child.status is not None and kid.child.status.code == 5
    said = ipc.open3(shout).communicate(b"a\nb\n", timeout=10)
    assert (said.stdout, said.stderr, said.status.code) == (b"A\nB\n", b"over\n", 5)
    assert ipc.open3(shout, merge=True).communicate(b"a\n", timeout=10).stdout == b"A\nover\n"
    with pytest.raises(TypeError, match="cwd"):
        ipc.open2(shout, cwd="/")


def test_the_fork_form() -> None:
    kid = ipc.fork_open3(threads_ok=True)
    if kid is None:
        os.write(2, b"errors")
        os.write(1, os.read(0, 100)[::-1])
        os._exit(6)
    said = kid.communicate(b"abc", timeout=10)
    assert (said.stdout, said.stderr, said.status.code) == (b"cba", b"errors", 6)
    two = ipc.fork_open2(threads_ok=True, text=True)
    if two is None:
        os.execvp("cat", ["cat", "-n"])
    reader, writer, pid = two
    assert pid == two.child.pid
    writer.write("a\n")
    assert reader.readline(timeout=10) == "     1\ta\n"
    two.close()
    for open_ in (ipc.open2, ipc.open3):
        with pytest.raises(TypeError, match="fork_open"):
            open_("-")


@pytest.mark.parametrize("leave", [lambda kid: kid.close(), lambda kid: kid.__exit__(None, None, None)])
def test_where_one_cannot_be_closed_well_the_others_are(leave: Callable[[ipc.Duplex[bytes]], None]) -> None:
    kid = ipc.open3(["true"])
    kid.child.wait()
    kid.writer.autoflush = False
    kid.writer.write(b"nobody reads it")
    with pytest.raises(BrokenPipeError):
        leave(kid)
    assert kid.writer.closed and kid.reader.closed and kid.error is not None and kid.error.closed


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_another_thread_ends_communicate(how: str) -> None:
    with ipc.open2("echo early; exec sleep 60") as kid:
        fd = kid.reader.fileno()
        assert select.select([fd], [], [], 20)[0]

        def ends() -> None:
            # When it has been read.
            while fcntl.ioctl(fd, termios.FIONREAD, bytes(4)) != bytes(4):
                time.sleep(0.001)
            getattr(kid.reader, how)()

        # Closing the last stream waits for the child.
        end = threading.Thread(target=ends)
        end.start()
        with pytest.raises(OSError if how == "cancel" else ValueError, match="cancelled|closed") as raised:
            kid.communicate()
        assert raised.value.result.stdout == b"early\n"  # type: ignore[attr-defined]
        kid.child.kill("KILL")
        end.join()
