"""The iterator of a stream: it goes through what was found ahead on its own, and nobody else may notice."""

from __future__ import annotations

import copy
import errno
import gc
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import perlipc as ipc
from conftest import eventually


def ahead(data: bytes, text: bool = False) -> ipc.Stream[Any]:
    """A stream in whose pipe all these bytes are at once, and the end."""
    reader, writer = ipc.pipe()
    with writer:
        writer.write(data)
    return ipc.adopt(reader.detach(), text=True) if text else reader


def test_it_is_an_iterator() -> None:
    with ahead(b"a\nb\nc\n") as stream:
        records = iter(stream)
        assert isinstance(records, Iterator) and isinstance(stream, Iterator) and iter(records) is records
        assert [next(records), next(stream), next(iter(stream)), next(records, None)] == [b"a\n", b"b\n", b"c\n", None]
        assert next(records, None) is None, "the end stays the end"
        with pytest.raises(TypeError, match="cannot create"):
            type(records)()
        with pytest.raises(TypeError, match="pickle"):
            copy.copy(records)
    reader, writer = ipc.pipe()
    with reader, writer, pytest.raises(OSError, match="not readable"):
        iter(writer)


def test_it_keeps_its_stream_and_lets_it_go() -> None:
    stream = ahead(b"a\nb\n")
    before = sys.getrefcount(stream), sys.getrefcount(type(iter(stream)))
    records = [iter(stream) for _ in range(100)]
    assert sys.getrefcount(stream) == before[0] + 100
    del records
    gc.collect()
    assert (sys.getrefcount(stream), sys.getrefcount(type(iter(stream)))) == before
    only = iter(stream)
    del stream
    assert list(only) == [b"a\n", b"b\n"]


class Model:
    """What a stream that ends in its pipe's bytes does, by slices."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.lineno, self.separator = data, 0, 0, b"\n"

    def record(self) -> bytes:
        end = self.data.find(self.separator, self.at)
        record = self.read(len(self.data) if end < 0 else end + len(self.separator) - self.at)
        self.lineno += bool(record)
        return record

    def read(self, size: int) -> bytes:
        self.at += len(data := self.data[self.at : self.at + size])
        return data


@pytest.mark.parametrize("seed", range(40))
def test_it_takes_turns_with_all_other_reads(seed: int) -> None:
    chance = random.Random(seed)
    data = b"".join(chance.randbytes(chance.choice([0, 1, 5, 5, 300])).replace(b"\0", b"--") + b"\n" for _ in range(400))
    model = Model(data)
    with ahead(data) as stream:
        records = [iter(stream), iter(stream)]
        while model.at < len(data):
            match chance.randrange(24):
                case 0:
                    assert stream.readline() == model.record()
                case 1:
                    assert next(stream, b"") == model.record()
                case 2:
                    assert stream.read(size := chance.randrange(20)) == model.read(size)
                case 3:
                    got = stream.read1(20)
                    assert got and got == model.read(len(got))
                case 4:
                    room = bytearray(5)
                    assert (n := stream.readinto(room)) and room[:n] == model.read(n)
                case 5:
                    assert stream.take(3) == [record for _ in range(3) if (record := model.record())]
                case 6:
                    stream.separator = model.separator = chance.choice([b"\n", b"-", b"--", b"\n\n"])
                case 7:
                    assert not stream.eof()
                case 8:
                    assert stream.lineno == model.lineno
                case 9:
                    assert stream.expect([data[model.at : model.at + 1]]).match == model.read(1)
                case _:
                    assert next(chance.choice(records), b"") == model.record()
        assert [next(one, None) for one in records] == [None, None] and stream.lineno == model.lineno


def test_records_of_all_kinds() -> None:
    def records(data: bytes, separator: bytes | int | None) -> list[bytes]:
        with ahead(data) as stream:
            first = next(lines := iter(stream))
            stream.separator = separator
            return [first, *lines]

    assert records(b"1\na--b-c--d", b"--") == [b"1\n", b"a--", b"b-c--", b"d"]
    assert records(b"1\n\n\na\nb\n\n\n\nc\n", b"") == [b"1\n", b"a\nb\n\n", b"c\n"]
    assert records(b"1\nabcdefgh", 3) == [b"1\n", b"abc", b"def", b"gh"]
    assert records(b"1\na\nb\n", None) == [b"1\n", b"a\nb\n"]
    assert records(b"1\na;b\n;", b";") == [b"1\n", b"a;", b"b\n;"]
    assert records(b"1\na\0b\n\0\n", b"\n") == [b"1\n", b"a\0b\n", b"\0\n"]


def test_text() -> None:
    data = "one\nzwölf\n".encode() + b"no \xff\xc3 text\n" + "€\nlast ä".encode()
    with ipc.open("-|", ["printf", "%s", data], text=True) as stream:
        lines = list(stream)
    assert lines == ["one\n", "zwölf\n", "no \udcff\udcc3 text\n", "€\n", "last ä"]
    with ahead("ä;ö;ü".encode(), text=True) as stream:
        stream.separator = ";"
        assert list(stream) == ["ä;", "ö;", "ü"]


def test_lines_longer_than_any_buffer() -> None:
    lines = [b"x" * size + b"\n" for size in (1, 300_000, 0, 70_000, 20_000, 5, 1 << 20)]
    reader, writer = ipc.pipe()
    thread = threading.Thread(target=lambda: (writer.writelines(lines), writer.close()))
    with reader:
        thread.start()
        assert list(reader) == lines and reader.lineno == len(lines)
        thread.join(10)


def test_close_detach_and_cancel_between_two_lines() -> None:
    stream = ahead(b"a\nb\nc\n")
    records = iter(stream)
    assert next(records) == b"a\n"
    with pytest.raises(ValueError, match="read ahead"):
        stream.detach()
    assert next(records) == b"b\n"
    stream.close()
    for _ in range(2):
        with pytest.raises(ValueError, match="closed"):
            next(records)
    assert stream.lineno == 2
    with ahead(b"a\nb\n") as stream:
        records = iter(stream)
        assert next(records) == b"a\n"
        stream.cancel()
        assert next(records) == b"b\n", "what was read ahead can still be taken"
        with pytest.raises(OSError) as raised:
            next(records)
        assert raised.value.errno == errno.ECANCELED


def test_an_error_loses_nothing() -> None:
    reader, writer = ipc.pipe()
    with reader:
        reader.timeout = 0.01
        writer.write(b"a\nb\nhalf")
        records = iter(reader)
        assert [next(records), next(records)] == [b"a\n", b"b\n"]
        for _ in range(2):
            with pytest.raises(TimeoutError):
                next(records)
        writer.write(b" and half\nc\n")
        assert [next(records), next(records)] == [b"half and half\n", b"c\n"]
        writer.close()
        assert next(records, None) is None


def test_a_handler_that_raises_ends_it_and_loses_nothing() -> None:
    class Stop(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stop

    reader, writer = ipc.pipe()
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with reader, writer:
            writer.write(b"a\nb\nhalf")
            seen = []
            with pytest.raises(Stop):
                for line in reader:
                    seen.append(line)
                    if len(seen) == 2:
                        ipc.alarm(0.05)
            assert seen == [b"a\n", b"b\n"]
            writer.write(b"\nc\n")
            records = iter(reader)
            assert [next(records), next(records)] == [b"half\n", b"c\n"]
    finally:
        ipc.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_another_thread_reads_meanwhile() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        writer.write(b"a\nb\nc\n")
        records = iter(reader)
        assert next(records) == b"a\n"
        got: list[bytes] = []
        thread = threading.Thread(target=lambda: got.append(reader.read(6)))
        thread.start()

        def refused() -> bool:
            try:
                reader.fileno()
                reader.eof()
            except RuntimeError:
                return True
            return False

        eventually(refused)
        with pytest.raises(RuntimeError, match="in use"):
            next(records)
        writer.write(b"d\ne\n")
        thread.join(10)
        assert got == [b"b\nc\nd\n"] and next(records) == b"e\n"


def test_many_threads_share_out_the_lines() -> None:
    """Each line comes once, whoever asks how; what is in use says so."""
    lines = [b"%d\n" % n for n in range(60_000)]
    reader, writer = ipc.pipe()
    got: list[list[bytes]] = [[], [], []]

    def take(into: list[bytes], how: int) -> None:
        records = iter(reader)
        ways: list[Callable[[], bytes]] = [lambda: next(records, b""), lambda: next(reader, b""), reader.readline]
        while True:
            try:
                line = ways[how]()
            except RuntimeError:
                continue
            if not line:
                return
            into.append(line)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=take, args=(into, how)) for how, into in enumerate(got)]
        threads.append(threading.Thread(target=lambda: (writer.writelines(lines), writer.close())))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert sorted(got[0] + got[1] + got[2], key=int) == lines and reader.lineno == len(lines)
    assert all(sorted(some, key=int) == some for some in got), "in their order"
    reader.close()


def test_a_poll_set_sees_what_it_has_ahead() -> None:
    reader, writer = ipc.pipe()
    with reader, writer, ipc.Poll() as poll:
        poll.add(reader, poll.LINE)
        writer.write(b"a\nb\nhalf")
        records = iter(reader)
        assert next(records) == b"a\n"
        assert poll.next(10) == (reader, poll.LINE)
        assert next(records) == b"b\n"
        with pytest.raises(TimeoutError):
            poll.next(0.001)
        writer.write(b"\n")
        assert poll.next(10) == (reader, poll.LINE) and next(records) == b"half\n"
