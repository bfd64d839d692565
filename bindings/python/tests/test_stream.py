from __future__ import annotations

import contextlib
import csv
import errno
import gc
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perlipc as ipc
from conftest import eventually


def feed(data: bytes, text: bool = False) -> ipc.Stream[Any]:
    """A stream that reads these bytes, written a few at a time by a thread of their own."""
    reader: ipc.Stream[Any]
    writer: ipc.Stream[Any]
    reader, writer = ipc.pipe(text=True) if text else ipc.pipe()
    fd = writer.detach()

    def write() -> None:
        # Who reads may have seen enough.
        with contextlib.suppress(BrokenPipeError), open(fd, "wb", buffering=0) as out:
            for at in range(0, len(data), 7):
                out.write(data[at : at + 7])

    threading.Thread(target=write, daemon=True).start()
    return reader


def test_lines() -> None:
    with feed(b"one\ntwo\n\nlast") as stream:
        assert next(stream) == b"one\n"
        assert stream.lineno == 1
        assert stream.readline() == b"two\n"
        assert list(stream) == [b"\n", b"last"]
        assert (stream.lineno, stream.readline(), stream.eof()) == (4, b"", True)


def test_long_and_many_lines() -> None:
    lines = [b"x" * (n * 37 % 5000) + b"\n" for n in range(2000)]
    with ipc.open("-|", ["cat"], stdin=(pipe := ipc.pipe())[0]) as stream:
        pipe[0].close()
        threading.Thread(target=lambda: (pipe[1].writelines(lines), pipe[1].close())).start()
        assert list(stream) == lines


def test_separators() -> None:
    def records(data: bytes, separator: bytes | int | None) -> list[bytes]:
        with feed(data) as stream:
            stream.separator = separator
            assert stream.separator == separator
            return list(stream)

    assert records(b"a--b-c--d", b"--") == [b"a--", b"b-c--", b"d"]
    assert records(b"\n\na\nb\n\n\n\nc\n", b"") == [b"a\nb\n\n", b"c\n"]
    assert records(b"abcdefgh", 3) == [b"abc", b"def", b"gh"]
    assert records(b"a\nb\n", None) == [b"a\nb\n"]
    with feed(b"") as stream:
        with pytest.raises(TypeError):
            stream.separator = "text"
        with pytest.raises(ValueError, match="0 bytes"):
            stream.separator = 0


def test_what_is_looked_at_stays() -> None:
    r, w = ipc.pipe()
    w.write(b"one\ntwo\n")
    assert (r.peek(1), r.readline(), r.peek(3), r.readline()) == (b"o", b"one\n", b"two", b"two\n")
    r.timeout = 0.001
    with pytest.raises(TimeoutError):
        r.peek(1)
    w.close()
    assert r.peek(1) == b""
    with pytest.raises(ValueError, match="size: -1 is out of range"):
        r.peek(-1)
    text, w2 = ipc.pipe(text=True)
    raw = ipc.adopt(os.dup(w2.fileno()))
    w2.close()
    raw.write("h\u00e9".encode()[:2])
    thread = threading.Thread(target=lambda: (raw.write("h\u00e9l".encode()[2:]), raw.close()))
    thread.start()
    assert (text.peek(2), text.peek(9), text.read(1), text.peek(1)) == ("h\u00e9", "h\u00e9l", "h", "\u00e9")
    thread.join()


def test_reads() -> None:
    with feed(b"0123456789" * 10) as stream:
        assert stream.read(4) == b"0123"
        assert stream.read(0) == b""
        room = bytearray(3)
        assert stream.readinto(room) == 3 and room == b"456"
        some = stream.read1(5)
        assert some and b"78901".startswith(some)
        assert len(stream.read(50)) == 50
        rest = stream.read()
        assert len(rest) == 43 - len(some) and stream.read() == b"" and stream.read1() == b""
        with pytest.raises(TypeError):
            stream.readinto(b"constant")


def test_many_lines_a_call() -> None:
    data = b"".join(b"%d,%d\n" % (n, n * n) for n in range(10_000))
    lines = data.splitlines(keepends=True)
    with feed(data) as stream:
        assert stream.take(3) == lines[:3]
        assert stream.lineno == 3
        assert stream.take(0) == []
        assert stream.split(b",", n=2) == [[b"3", b"9"], [b"4", b"16"]]
        assert stream.take(100) == lines[5:105]
        assert stream.readlines(11) == lines[105:107]
        assert stream.grep(b"9999,") == [lines[9999]]
        assert stream.take(5) == []
        assert stream.lineno == 10_000
    with feed(data) as stream:
        assert stream.count_lines() == 10_000
        assert stream.count_lines() == 0
    with feed(b" a b\tc \n\nd") as stream:
        assert stream.split() == [[b"a", b"b", b"c"], [], [b"d"]]
    with feed(b"a::b:\n") as stream, pytest.raises(ValueError, match="empty separator"):
        stream.split(b"")
    with feed(data) as stream:
        assert stream.readlines() == lines


def test_text() -> None:
    text = "grün\n日本語\n\U0001f600 smile\n" * 50
    with feed(text.encode(), text=True) as stream:
        assert list(stream) == text.splitlines(keepends=True)
    with feed(text.encode(), text=True) as stream:
        assert stream.read() == text
    for size in (1, 2, 3, 5, 7, 1000, 5000):
        with feed(text.encode(), text=True) as stream:
            parts = []
            while part := stream.read(size):
                parts.append(part)
            assert "".join(parts) == text
            assert all(len(part) == size for part in parts[:-1])
    with feed(text.encode(), text=True) as stream:
        parts = []
        while part := stream.read1(10):
            assert len(part) <= 10
            parts.append(part)
        assert "".join(parts) == text


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\xc3", b"\xe6\x97", b"\xf0\x9f\x98", b"\xed\xa0\x80x", b"\xc3(\n\xa9", b"\xf4\x90\x80\x80"])
def test_text_that_is_none_comes_back_as_it_was(data: bytes) -> None:
    whole = data.decode("utf-8", "surrogateescape")
    with feed(data, text=True) as stream:
        assert stream.read() == whole
    with feed(data, text=True) as stream:
        parts = []
        while part := stream.read(1):
            parts.append(part)
        assert "".join(parts) == whole
    reader, writer = ipc.pipe(text=True)
    with reader:
        with writer:
            assert writer.write(whole) == len(whole)
        with open(os.dup(reader.fileno()), "rb") as raw:
            assert raw.read() == data


def test_text_takes_and_gives_str() -> None:
    with feed(b"a,b\nc\n", text=True) as stream:
        assert stream.separator == "\n"
        assert stream.split(",", n=1) == [["a", "b"]]
        assert stream.grep("c") == ["c\n"]
        with pytest.raises(ValueError, match="fixed size"):
            stream.separator = 4
        with pytest.raises(io.UnsupportedOperation):
            stream.readinto(bytearray(1))
    words, to_words = ipc.pipe(text=True)
    with words, to_words, pytest.raises(TypeError, match="str"):
        to_words.write(b"bytes")  # type: ignore[arg-type]
    reader, writer = ipc.pipe()
    with reader, writer, pytest.raises(TypeError, match="bytes-like"):
        writer.write("text")  # type: ignore[arg-type]


def test_writes_and_autoflush() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        assert writer.autoflush
        assert writer.write(b"one") == 3
        assert reader.read1() == b"one"
        writer.autoflush = False
        assert writer.write(bytearray(b"two")) == 3
        assert writer.write(memoryview(b"xthreex")[1:6]) == 5
        reader.timeout = 0.02
        with pytest.raises(TimeoutError):
            reader.read1()
        writer.flush()
        assert reader.read1() == b"twothree"
        writer.write(b"four")
        writer.autoflush = True
        assert reader.read1() == b"four"
        writer.writelines([b"a", b"b"])
        writer.shutdown()
        assert reader.read() == b"ab"
        with pytest.raises(ValueError, match="closed"):
            writer.write(b"more")


def test_time_is_up_also_where_there_is_always_more() -> None:
    with ipc.adopt(os.open("/dev/zero", os.O_RDONLY), text=True) as zero:
        zero.timeout = 0.02
        for call in (lambda: zero.read(1 << 40), zero.readline, lambda: zero.expect("x", timeout=0.02), zero.read):
            with pytest.raises(TimeoutError):
                call()


def test_time_limits_lose_nothing() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        writer.write(b"half a line")
        before = time.monotonic()
        with pytest.raises(TimeoutError):
            reader.readline(timeout=0.05)
        assert 0.04 < time.monotonic() - before < 5
        reader.timeout = 0.02
        assert reader.timeout == 0.02
        for call in (lambda: next(reader), lambda: reader.read(100), lambda: reader.read(), lambda: reader.take(2), reader.readlines):
            with pytest.raises(TimeoutError):
                call()
        writer.write(b" and its end\nmore")
        with pytest.raises(TimeoutError):
            reader.take(2)
        assert reader.lineno == 0
        assert reader.readline() == b"half a line and its end\n"
        assert reader.lineno == 1
        with pytest.raises(ValueError):
            reader.timeout = -1
        reader.timeout = None
        writer.close()
        assert reader.readline() == b"more"


def test_a_write_that_is_cut_short_goes_on_by_flush() -> None:
    data = os.urandom(300_000)
    reader, writer = ipc.pipe()
    with reader, writer:
        writer.timeout = 0.05
        with pytest.raises(TimeoutError):
            writer.write(data)
        with pytest.raises(TimeoutError):
            writer.write(b"behind")
        writer.timeout = None
        got = bytearray()
        thread = threading.Thread(target=lambda: got.extend(reader.read(len(data) + 6)))
        thread.start()
        writer.flush()
        thread.join(10)
        assert got == data + b"behind"


def test_it_fits_the_standard_library(tmp_path: Path) -> None:
    with ipc.open("-|", ["printf", "a,b\\n1,2\\n"], text=True) as rows:
        assert list(csv.reader(rows)) == [["a", "b"], ["1", "2"]]
    with ipc.open("-|", ["printf", '{"a": [1, 2]}']) as stream:
        assert json.load(stream) == {"a": [1, 2]}
    with ipc.open("-|", ["printf", "ä\\r\\nb"]) as stream, io.TextIOWrapper(stream, encoding="utf-8") as wrapped:
        assert wrapped.read() == "ä\nb"
    assert stream.closed and stream.status is not None and stream.status.ok
    with ipc.open("|-", ["sh", "-c", "read a; test $a = text"]) as kid, io.TextIOWrapper(kid) as out:
        print("text", file=out)
    assert kid.status is not None and kid.status.ok
    with ipc.open("-|", ["printf", "\\351\\r\\n"]) as stream:
        assert io.TextIOWrapper(stream, "latin-1", newline="").readline() == "é\r\n"
    with ipc.open("|-", ["od", "-An", "-c"], stdout=f">{tmp_path}/od") as kid, io.TextIOWrapper(kid, "latin-1", newline="\r\n") as out:
        print("é", file=out)
        assert out.name == kid.name == kid.fileno()
    assert (tmp_path / "od").read_text().split() == ["351", "\\r", "\\n"]
    with ipc.open("-|", ["printf", "abc\\ndef"]) as stream, io.BufferedReader(stream) as buffered:
        assert (buffered.readline(2), buffered.readline(), buffered.read()) == (b"ab", b"c\n", b"def")
        for call in (stream.tell, stream.truncate, lambda: stream.seek(0), buffered.tell):
            with pytest.raises(io.UnsupportedOperation):
                call()
    data = os.urandom(200_000)
    copy = io.BytesIO()
    with feed(data) as source:
        shutil.copyfileobj(source, copy)
    assert copy.getvalue() == data
    target = io.BytesIO(data)
    reader, writer = ipc.pipe()
    with reader:
        got = bytearray()
        thread = threading.Thread(target=lambda: got.extend(reader.read()))
        thread.start()
        with writer:
            shutil.copyfileobj(target, writer)
        thread.join(10)
    assert got == data


def test_two_at_once() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        seen: list[object] = []
        thread = threading.Thread(target=lambda: seen.append(reader.readline()))
        thread.start()
        eventually(lambda: _is_busy(reader))
        with pytest.raises(RuntimeError, match="in use"):
            reader.readline()
        with pytest.raises(RuntimeError, match="in use"):
            next(reader)
        assert reader.lineno == 0 and not reader.closed and reader.status is None and repr(reader)
        writer.write(b"line\n")
        thread.join(10)
        assert seen == [b"line\n"]


def _is_busy(stream: ipc.Stream[bytes]) -> bool:
    try:
        stream.separator = b"\n"
    except RuntimeError:
        return True
    return False


def test_one_reads_while_another_writes() -> None:
    """As with a socket of Python's own: a thread for each direction, and questions from both."""
    near, far = ipc.socketpair()
    with near, far:
        got: list[bytes] = []
        thread = threading.Thread(target=lambda: got.extend(near))
        thread.start()
        eventually(lambda: _is_busy(near))
        for n in range(1000):
            near.write(b"there %d\n" % n)
            assert far.readline() == b"there %d\n" % n
            far.write(b"back %d\n" % n)
        assert near.option("type") == socket.SOCK_STREAM and near.peer == ""
        near.autoflush = False
        near.writelines([b"buffered\n", b"\n"])
        near.flush()
        assert far.take(2) == [b"buffered\n", b"\n"]
        with pytest.raises(RuntimeError, match="in use"):
            near.detach()
        near.shutdown()
        assert far.readline() == b""
        # The reader goes on behind that, and its end is the other side's.
        far.write(b"last\n")
        far.close()
        thread.join(10)
        assert len(got) == 1001 and got[-1] == b"last\n"
        assert near.lineno == 1001


def test_a_writer_that_waits_keeps_nobody_from_reading() -> None:
    near, far = ipc.socketpair()
    with near, far:
        data = b"x" * (8 << 20)
        thread = threading.Thread(target=near.write, args=(data,))
        thread.start()
        far.write(b"a\nb\nc\n")
        # The time limit of a read is no limit of the write.
        assert near.readline(timeout=5) == b"a\n"
        assert [next(near), *near.take(1)] == [b"b\n", b"c\n"]
        near.timeout = 0.01
        with pytest.raises(TimeoutError):
            near.read1()
        near.timeout = None
        assert thread.is_alive()
        with pytest.raises(RuntimeError, match="in use"):
            near.write(b"y")
        poll = ipc.Poll()
        poll.add(near, poll.READ)
        far.write(b"d\n")
        assert poll.next(5) == (near, poll.READ) and near.readline() == b"d\n"
        assert far.read(len(data)) == data
        thread.join(10)
        near.write(b"y\n")
        assert far.readline() == b"y\n"


def test_a_terminal_is_written_to_while_it_is_read() -> None:
    with ipc.open_pty(["cat"]) as cat:
        got: list[bytes] = []
        thread = threading.Thread(target=lambda: got.extend(cat))
        thread.start()
        eventually(lambda: _is_busy(cat))
        for n in range(100):
            cat.sendline(b"%d" % n)
        cat.control("d")
        thread.join(10)
        assert [int(line) for line in got] == list(range(100))


def test_halves_end_together() -> None:
    for how in ("cancel", "close"):
        near, far = ipc.socketpair()
        errors: list[type[BaseException]] = []

        def ends(call: Callable[[], object]) -> None:
            try:
                call()
            except (OSError, ValueError) as error:
                errors.append(type(error))

        threads = [
            threading.Thread(target=ends, args=(call,)) for call in (near.readline, lambda: near.write(b"x" * (8 << 20)))
        ]
        for thread in threads:
            thread.start()
        eventually(lambda: _is_busy(near))
        getattr(near, how)()
        for thread in threads:
            thread.join(10)
        assert errors == [OSError if how == "cancel" else ValueError] * 2
        if how == "cancel":
            # What did not go out is lost, and that is told.
            with pytest.raises(OSError, match="cancelled"):
                near.close()
        assert near.closed
        far.close()


def test_cancel_from_another_thread() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        for call in (reader.readline, reader.read, lambda: reader.take(5), reader.eof, reader.count_lines):
            errors: list[OSError] = []

            def wait() -> None:
                try:
                    call()
                except OSError as error:
                    errors.append(error)

            thread = threading.Thread(target=wait)
            thread.start()
            reader.cancel()
            thread.join(10)
            assert [error.errno for error in errors] == [errno.ECANCELED]


def test_close_from_another_thread() -> None:
    for _ in range(50):
        reader, writer = ipc.pipe()
        errors: list[Exception] = []

        def wait() -> None:
            try:
                reader.readline()
            except (ValueError, RuntimeError) as error:
                errors.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        reader.close()
        thread.join(10)
        assert not thread.is_alive() and len(errors) == 1 and "closed" in str(errors[0])
        writer.close()


def test_close_of_a_command_from_another_thread_waits_for_it() -> None:
    stream = ipc.open("-|", ["sh", "-c", "echo x; read x; exit 6"], stdin=(end := ipc.pipe())[0])
    end[0].close()
    assert stream.readline() == b"x\n"
    thread = threading.Thread(target=lambda: pytest.raises(ValueError, stream.readline))
    thread.start()
    eventually(lambda: _is_busy(stream))
    threading.Timer(0.05, end[1].close).start()
    status = stream.close()
    thread.join(10)
    assert status is not None and status.code == 6 and stream.status == status
    eventually(lambda: end[1].closed)


def test_adopt_and_detach() -> None:
    with pytest.raises(OSError, match="adopt 9999: Bad file descriptor"):
        ipc.adopt(9999)
    one, other = socket.socketpair()
    stream = ipc.adopt(one.detach())
    with other:
        assert stream.readable() and stream.writable()
        assert not stream.seekable() and not stream.isatty()
        stream.write(b"ping\n")
        assert other.recv(100) == b"ping\n"
        other.send(b"pong\nmore")
        assert stream.readline() == b"pong\n"
        with pytest.raises(ValueError, match="read ahead"):
            stream.detach()
        assert stream.read(4) == b"more"
        stream.shutdown()
        assert other.recv(1) == b""
        fd = stream.detach()
        assert stream.closed and stream.close() is None
        os.close(fd)


def test_what_it_says_of_itself() -> None:
    assert ipc.Stream[bytes] is not None
    with ipc.open("-|", ["true"]) as stream:
        assert repr(stream) == f"<perlipc.Stream fd={stream.fileno()} Child({stream.child.pid})>"  # type: ignore[union-attr]
    assert repr(stream) == f"<perlipc.Stream closed Child({stream.child.pid}, exited with 0)>"  # type: ignore[union-attr]
    with pytest.raises(TypeError):
        ipc.Stream()


def test_an_exception_does_not_wait_for_a_full_pipe() -> None:
    reader, writer = ipc.pipe()
    with reader:
        before = time.monotonic()
        with pytest.raises(KeyError), writer:
            writer.timeout = 0.02
            with pytest.raises(TimeoutError):
                writer.write(bytes(1 << 20))
            writer.timeout = None
            raise KeyError
        assert time.monotonic() - before < 5 and writer.closed


def test_what_runs_at_exit_may_read() -> None:
    """Python in C's exit, as where a host ends its interpreter there: the thread's own memory is gone by then."""
    code = """if True:
        import ctypes, os, threading
        import perlipc as ipc
        def reads():
            reader, writer = ipc.pipe()
            threading.Thread(target=lambda: writer.write(b"last")).start()
            return reader.read(4) == b"last"
        @ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)
        def last(code, nothing):
            os._exit(0 if reads() else 3)
        assert reads()
        ctypes.CDLL(None).on_exit(last, None)
        ctypes.CDLL(None).exit(5)
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30)
    assert ended.returncode == 0, ended.stderr.decode()


class _Holding(bytes):
    held: object = None

    def __del__(self) -> None:
        if isinstance(self.held, list):
            self.held.append(self.held[0].separator)


def test_a_separator_whose_end_looks_at_the_stream() -> None:
    reader, writer = ipc.pipe()
    seen: list[Any] = [reader]
    separator = _Holding(b"x")
    separator.held = seen
    reader.separator = separator
    del separator
    reader.separator = b"y"
    assert seen == [reader, b"y"]
    reader.close()
    writer.close()


def test_what_holds_a_stream_that_holds_it() -> None:
    class Words(list[str]):
        stream: object = None

    class Separator(bytes):
        stream: object = None

    words, separator = Words(["true"]), Separator(b"x")
    words.stream = ipc.open("-|", words, check=True)
    reader, writer = ipc.pipe()
    reader.separator = separator
    separator.stream = reader
    writer.close()
    gone = [weakref.ref(words.stream), weakref.ref(reader)]
    del words, separator, reader
    gc.collect()
    assert [one() for one in gone] == [None, None]
