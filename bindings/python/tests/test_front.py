"""Methods with a quick way in front: whichever way a call goes, it does the same and fails with the same words."""

from __future__ import annotations

import enum
import inspect
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import perlipc as ipc
from conftest import eventually
from perlipc.sysv import IPC_PRIVATE


class Number(enum.IntEnum):
    ZERO = 0
    TWO = 2


class Bytes(bytes):
    pass


@pytest.fixture
def semaphore() -> Iterator[ipc.Semaphore]:
    made = ipc.Semaphore.create(IPC_PRIVATE, [3, 5])
    yield made
    made.remove()


@pytest.fixture
def queue() -> Iterator[ipc.MessageQueue]:
    made = ipc.MessageQueue.open(IPC_PRIVATE)
    yield made
    made.remove()


def failure(call: Callable[..., object], *args: Any, **options: Any) -> tuple[type[BaseException], str]:
    with pytest.raises(Exception) as raised:
        call(*args, **options)
    return raised.type, str(raised.value)


def test_what_they_say_of_themselves() -> None:
    def said(method: Callable[..., Any]) -> tuple[str, str]:
        assert type(method).__name__ == "method_descriptor" and method.__doc__
        return str(inspect.signature(method)), method.__doc__.split(".")[0]

    assert said(ipc.Semaphore.take) == (
        "(self, /, index=0, *, timeout=None, undo=False)",
        "Takes one of semaphore index, waiting until there is one; with undo the kernel gives it back if this process ends\nfirst",
    )
    assert said(ipc.Semaphore.give) == ("(self, /, index=0, *, undo=False)", "Gives one back; undo as it was taken")
    assert said(ipc.MessageQueue.send)[0] == "(self, /, data, type=1, *, timeout=None)"
    assert said(ipc.MessageQueue.recv)[0] == "(self, /, type=0, *, size=8192, timeout=None)"
    assert said(ipc.Stream.write)[0] == "(self, data, /)"
    assert said(ipc.Stream.readline) == ("(self, /, *, timeout=Ellipsis)", "The next record with its separator; empty at the end")
    for function, signature in (
        (ipc.kill, "(signal, /, *targets)"),
        (ipc.SIG.next, "(timeout=None)"),
        (ipc.SIG.dispatch, "(timeout=0.0)"),
    ):
        assert type(function).__name__ == "builtin_function_or_method" and function.__doc__
        assert str(inspect.signature(function)) == signature


def test_semaphores(semaphore: ipc.Semaphore) -> None:
    semaphore.take()
    semaphore.take(0)
    semaphore.take(index=1)
    ipc.Semaphore.take(semaphore, 1, timeout=1, undo=True)
    assert semaphore.values() == [1, 3]
    semaphore.give()
    semaphore.give(1, undo=True)
    semaphore.give(index=False)
    assert semaphore.values() == [3, 4]
    assert failure(semaphore.take, 70_000) == (ValueError, "index: 70000 is out of range")
    assert failure(semaphore.take, "0") == (TypeError, "'str' object cannot be interpreted as an integer")
    assert "positional" in failure(semaphore.give, 0, 1)[1]
    assert "unexpected keyword" in failure(semaphore.give, nothing=1)[1]
    with pytest.raises(TypeError, match="descriptor"):
        ipc.Semaphore.take(5)  # type: ignore[arg-type]
    gone = ipc.Semaphore.create(IPC_PRIVATE, [0])
    gone.remove()
    calls: list[Callable[[], None]] = [gone.take, gone.give, lambda: gone.take(0), lambda: gone.take(timeout=1)]
    for call in calls:
        with pytest.raises(OSError, match="removed") as raised:
            call()
        assert raised.value.step == "semop"  # type: ignore[attr-defined]


def test_a_semaphore_that_waits_lets_others_run(semaphore: ipc.Semaphore) -> None:
    semaphore.set(0, 0)
    for _ in range(3):
        thread = threading.Thread(target=semaphore.take)
        thread.start()
        eventually(lambda: semaphore.waiting() == 1)
        semaphore.give()
        thread.join(10)
        assert not thread.is_alive() and semaphore.value() == 0


def test_messages(queue: ipc.MessageQueue) -> None:
    queue.send(b"a")
    queue.send(b"b", 2)
    queue.send(b"c", type=Number.TWO)
    queue.send(Bytes(b"d"), Number.TWO, timeout=1)
    queue.send(data=b"")
    assert queue.recv(2) == (2, b"b")
    assert queue.recv(-5, size=8) == (1, b"a")
    assert queue.recv(Number.TWO) == (2, b"c")
    assert queue.recv(size=1) == (2, b"d")
    queue.send(b"long")
    assert queue.recv(Number.ZERO, timeout=1, size=Number.TWO) == (1, b"")
    too_long = failure(queue.recv, size=2)
    assert too_long == failure(queue.recv, 0, timeout=1, size=2) and too_long[0] is OSError
    name = "".join(["si", "ze"])
    assert queue.recv(**{name: 4}) == (1, b"long"), "a name that is not interned"
    for kind in (0, -1, 1 << 63, "1", None):
        assert failure(queue.send, b"x", kind) == failure(queue.send, b"x", type=kind)
    for size in (-1, 1 << 64, 1.5):
        assert failure(queue.recv, size=size) == failure(queue.recv, timeout=None, size=size)
    for data in ("text", None, 5):
        assert failure(queue.send, data) == failure(queue.send, data=data)
    assert "missing 1 required positional argument: 'data'" in failure(queue.send)[1]
    assert "unexpected keyword" in failure(queue.recv, sizes=5)[1]
    assert "positional" in failure(queue.recv, 1, 2)[1]
    assert len(queue) == 0


def test_streams() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        for data in (b"a\n", Bytes(b"b\n"), bytearray(b"c\n"), memoryview(b"d\n"), b""):
            assert writer.write(data) == len(data)
        assert [reader.readline(), reader.readline(timeout=1), reader.readline(timeout=None)] == [b"a\n", b"b\n", b"c\n"]
        assert "not 'str'" in failure(writer.write, "text")[1]
        assert "missing 1 required positional argument: 'data'" in failure(writer.write)[1]
        assert "positional" in failure(reader.readline, 1)[1]
        assert failure(reader.write, b"x")[1] == "not writable"
        assert failure(writer.readline)[1] == "not readable" == failure(writer.readline, timeout=1)[1]
        writer.close()
        assert failure(writer.write, b"x") == failure(writer.write, bytearray(b"x"))
        assert [reader.readline(), reader.readline()] == [b"d\n", b""]
    closed = failure(reader.readline)
    assert closed == failure(reader.readline, timeout=1) and closed[0] is ValueError
    texts, text_writer = ipc.pipe(text=True)
    with texts, text_writer:
        assert text_writer.write("ä\n") == 2 and texts.readline() == "ä\n"
        assert "takes str" in failure(text_writer.write, b"bytes")[1]
        text_writer.close()
        assert texts.readline() == ""
    nobody, writer = ipc.pipe()
    nobody.close()
    with pytest.raises(BrokenPipeError):
        writer.write(b"x")
    writer.close()


def test_a_write_that_does_not_fit_goes_on() -> None:
    """With less room than the data, which is tried at first without giving the interpreter away."""
    reader, writer = ipc.pipe()
    with reader, writer:
        for size in (1000, 4000, 4096, 5000, 70_000):
            pieces = [bytes([n]) * size for n in range(2 + 200_000 // size)]
            thread = threading.Thread(target=lambda: [writer.write(piece) for piece in pieces])
            thread.start()
            assert reader.read(size * len(pieces)) == b"".join(pieces)
            thread.join(10)


def test_signals_that_are_taken() -> None:
    me = os.getpid()
    sends: list[Callable[[], int]] = [
        lambda: ipc.kill("USR1", me),
        lambda: ipc.kill("SIGUSR1", me),
        lambda: ipc.kill(10, me),
        lambda: ipc.kill("USR1", me, me) - 1,
    ]
    with ipc.SIG.block("USR1", "USR2"):
        for send in sends:
            assert send() == 1 and ipc.SIG.next() == "USR1"
            assert failure(ipc.SIG.next, 0)[0] is TimeoutError
        ipc.kill("USR2", me)
        ipc.kill("USR1", me)
        assert [ipc.SIG.next(), ipc.SIG.next(timeout=None)] == ["USR1", "USR2"]
        ipc.kill("USR1", me)
        assert ipc.SIG.next(1) == "USR1"
        for _ in range(40):
            # After some in vain it no longer tries before it waits.
            assert failure(ipc.SIG.next, timeout=0.001) == failure(ipc.SIG.next, 0.001)
        threading.Timer(0.05, os.kill, (me, 10)).start()
        assert ipc.SIG.next() == "USR1"
        assert "not negative" in failure(ipc.SIG.next, -1)[1]
        assert "positional" in failure(ipc.SIG.next, 1, 2)[1]
        assert "unexpected keyword" in failure(ipc.SIG.next, limit=1)[1]
    assert failure(ipc.SIG.next) == failure(ipc.SIG.next, 1) == (ValueError, "no signal is blocked: see SIG.block")


def test_kill() -> None:
    me = os.getpid()
    assert ipc.kill("USR1") == 0 and ipc.kill(0, me) == ipc.kill("ZERO", me) == 1
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert ipc.kill("TERM", gone.pid) == 0 and ipc.kill("TERM", gone.pid, gone.pid) == 0
    for name in ("FOO", "int", "", "\0INT", "\udc80"):
        assert failure(ipc.kill, name, me) == failure(ipc.kill, name, me, me)
    for target in (1 << 31, -1 << 40, 1 << 70, "1", None, 1.5):
        assert failure(ipc.kill, "ZERO", target) == failure(ipc.kill, "ZERO", target, me)
    assert "missing 1 required positional argument: 'signal'" in failure(ipc.kill)[1]
    assert "signal" in failure(ipc.kill, signal="USR1")[1]
    assert failure(ipc.kill, 1.5, me)[0] is TypeError


def test_kill_of_what_is_not_ours() -> None:
    pid = os.fork()
    if pid == 0:
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            one = failure(ipc.kill, "ZERO", 1)
            os._exit(0 if one == failure(ipc.kill, "ZERO", 1, os.getpid()) and one[0] is PermissionError else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0) == (pid, 0)


def test_handlers_run_whichever_way_a_call_goes() -> None:
    log: list[str] = []
    me = os.getpid()

    def raising(name: str) -> None:
        raise LookupError(name)

    waits: list[Callable[[], int]] = [lambda: ipc.SIG.dispatch(None), lambda: ipc.SIG.dispatch(timeout=None)]
    with ipc.local(ipc.SIG, USR1=log.append, USR2=raising):
        assert ipc.kill("USR1", me) == 1 and len(log) == 1
        assert ipc.kill(10, me) == 1 and len(log) == 2
        # All have been sent before a handler runs: it hears of both in one call.
        assert ipc.kill("USR1", me, me) == 2 and len(log) == 3
        assert failure(ipc.kill, "USR2", me) == failure(ipc.kill, "USR2", me, me) == (LookupError, "USR2")
        for wait in waits:
            for number in (10, 12):
                # What has come until now counts too.
                ipc.SIG.dispatch()
                log.clear()
                sender = threading.Timer(0.05, os.kill, (me, number))
                sender.start()
                if number == 10:
                    assert wait() == 1 and log == ["USR1"]
                else:
                    assert failure(wait) == (LookupError, "USR2")
                sender.join()
        assert ipc.SIG.dispatch() == ipc.SIG.dispatch(0) == ipc.SIG.dispatch(0.01) == 0
        assert "not negative" in failure(ipc.SIG.dispatch, -1)[1]
        assert "positional" in failure(ipc.SIG.dispatch, None, 1)[1]


def test_what_a_handler_raises_before_a_signal_is_waited_for() -> None:
    def raising(name: str) -> None:
        raise LookupError(name)

    # One after the other without a bytecode between, at which the interpreter would run the handler itself.
    arm = partial(signal.setitimer, signal.ITIMER_REAL, 0.001)
    steps: list[Callable[[], object]] = [arm, partial(sum, range(3_000_000)), partial(ipc.SIG.next, 20)]
    with ipc.SIG.block("USR1"), ipc.local(ipc.SIG, ALRM=raising):
        for _ in range(40):
            # So that it is tried without waiting.
            ipc.kill("USR1", os.getpid())
            assert ipc.SIG.next() == "USR1"
        since = time.monotonic()
        assert failure(list, map(operator.call, steps)) == (LookupError, "ALRM")
        assert time.monotonic() - since < 10


def test_a_module_that_is_imported_anew_has_them_once() -> None:
    program = """
import importlib, sys
import perlipc as ipc
del sys.modules["perlipc._perlipc"]
again = importlib.import_module("perlipc._perlipc")
reader, writer = again.pipe()
print(writer.write(memoryview(b"a\\n")), reader.readline(timeout=1))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (said.stdout, said.stderr, said.returncode) == ("2 b'a\\n'\n", "", 0)
