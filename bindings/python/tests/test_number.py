from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

import perlipc as ipc
from perlipc import sysv

HUGE = 10**30


@pytest.fixture(name="things", scope="module")
def all_things() -> Any:
    class Things:
        dgram = ipc.udp("127.0.0.1", 0)
        listener = ipc.tcp_listen("127.0.0.1", 0)
        semaphore = ipc.Semaphore.create(sysv.IPC_PRIVATE, [1])
        memory = ipc.SharedMem.create(sysv.IPC_PRIVATE, 10)
        queue = ipc.MessageQueue.open(sysv.IPC_PRIVATE)
        reader, writer = ipc.pipe()
        child = ipc.start(["true"])
        child.wait()

    yield Things
    for thing in (Things.semaphore, Things.memory, Things.queue):
        thing.remove()


@pytest.mark.parametrize(
    ("name", "value", "call"),
    [
        ("port", -1, lambda t, n: ipc.tcp_connect("127.0.0.1", n)),
        ("port", 65536, lambda t, n: ipc.tcp_listen("127.0.0.1", n)),
        ("port", 65536, lambda t, n: ipc.udp("127.0.0.1", n)),
        ("port", HUGE, lambda t, n: ipc.resolve("127.0.0.1", n)),
        ("port", 65536, lambda t, n: ipc.service_name(n)),
        ("number", HUGE, lambda t, n: ipc.protocol_name(n)),
        ("mode", -1, lambda t, n: ipc.unix_listen("/no/such/place", mode=n)),
        ("limit", -1, lambda t, n: ipc.serve(t.listener, "true", limit=n)),
        ("prefork", -1, lambda t, n: ipc.serve(t.listener, lambda c: None, prefork=n)),
        ("value", HUGE, lambda t, n: t.listener.set_option("rcvbuf", n)),
        ("fd", HUGE, lambda t, n: ipc.Listener.adopt(n)),
        ("size", -1, lambda t, n: t.dgram.recv(n)),
        ("size", HUGE, lambda t, n: t.dgram.peek(n)),
        ("most", -1, lambda t, n: t.dgram.recv_batch(n)),
        ("ttl", 256, lambda t, n: t.dgram.multicast(ttl=n)),
        ("index", -1, lambda t, n: t.semaphore.take(n)),
        ("index", 65536, lambda t, n: t.semaphore.give(n)),
        ("index", -1, lambda t, n: t.semaphore.value(n)),
        ("value", HUGE, lambda t, n: t.semaphore.set(0, n)),
        ("values", [HUGE], lambda t, n: t.semaphore.set_values(n)),
        ("ops", [(0, 40000, 0)], lambda t, n: t.semaphore.op(n)),
        ("ops", [(-1, 1, 0)], lambda t, n: ipc.semop(t.semaphore.id, n)),
        ("value", HUGE, lambda t, n: ipc.semctl(t.semaphore.id, 0, sysv.SETVAL, n)),
        ("semnum", -1, lambda t, n: ipc.semctl(t.semaphore.id, n, sysv.GETVAL)),
        ("id", HUGE, lambda t, n: ipc.Semaphore(n)),
        ("id", HUGE, lambda t, n: sysv.ftok("/", n)),
        ("key", 2**32, lambda t, n: ipc.Semaphore.open(n, [1])),
        ("key", -(2**31) - 1, lambda t, n: ipc.MessageQueue.open(n)),
        ("nsems", HUGE, lambda t, n: ipc.semget(0, n, 0o600)),
        ("uid", -2, lambda t, n: t.semaphore.change(uid=n)),
        ("pos", HUGE, lambda t, n: t.memory.read(n)),
        ("size", -1, lambda t, n: t.memory.write(b"", 0, n)),
        ("size", -1, lambda t, n: ipc.SharedMem.create(sysv.IPC_PRIVATE, n)),
        ("size", -1, lambda t, n: t.queue.recv(size=n)),
        ("type", HUGE, lambda t, n: t.queue.send(b"", n)),
        ("qbytes", -1, lambda t, n: t.queue.change(qbytes=n)),
        ("size", -1, lambda t, n: ipc.Shared(size=n)),
        ("mode", -1, lambda t, n: ipc.Lock(mode=n)),
        ("value", -1, lambda t, n: ipc.FutexSemaphore(value=n)),
        ("size", HUGE, lambda t, n: t.reader.read(n)),
        ("size", HUGE, lambda t, n: t.reader.read1(n)),
        ("size", -1, lambda t, n: t.reader.peek(n)),
        ("hint", HUGE, lambda t, n: t.reader.readlines(n)),
        ("n", -1, lambda t, n: t.reader.take(n)),
        ("n", -1, lambda t, n: t.reader.split(n=n)),
        ("fd", HUGE, lambda t, n: t.reader.log(n)),
        ("rows", -1, lambda t, n: t.reader.resize(n, 1)),
        ("cols", 65536, lambda t, n: t.reader.resize(1, n)),
        ("value", HUGE, lambda t, n: t.reader.set_option("rcvbuf", n)),
        ("most", -1, lambda t, n: t.reader.recv_fds(1, n)),
        ("rows", 65536, lambda t, n: ipc.open_pty(["true"], rows=n)),
        ("cols", -1, lambda t, n: ipc.open_pty(["true"], cols=n)),
        ("limit", -1, lambda t, n: ipc.capture(["true"], limit=n)),
        ("window", -1, lambda t, n: ipc.Expect([b"x"], window=n)),
        ("fd", HUGE, lambda t, n: ipc.adopt(n)),
        ("status", HUGE, lambda t, n: ipc.Status(n)),
        ("pid", HUGE, lambda t, n: ipc.wait(0, pid=n)),
        ("pid", HUGE, lambda t, n: ipc.waitpid(n, timeout=0)),
        ("pid", HUGE, lambda t, n: ipc.kill(0, 1, n)),
        ("mode", -1, lambda t, n: ipc.mkfifo("/no/such/place", n)),
        ("events", -1, lambda t, n: ipc.Poll().add(t.reader, n)),
        ("fd", HUGE, lambda t, n: ipc.select([n], timeout=0)),
        ("umask", -1, lambda t, n: ipc.start(["true"], umask=n)),
        ("stdin", HUGE, lambda t, n: ipc.system(["true"], stdin=n)),
        ("fds", {3: HUGE}, lambda t, n: ipc.qx(["true"], fds=n)),
        ("process_group", HUGE, lambda t, n: ipc.start(["true"], process_group=n)),
        ("signal", HUGE, lambda t, n: t.child.kill(n)),
        ("signal", HUGE, lambda t, n: ipc.kill(n, 1)),
    ],
)
def test_a_number_out_of_range_is_named(things: Any, name: str, value: Any, call: Callable[[Any, Any], object]) -> None:
    with pytest.raises(ValueError) as caught:
        call(things, value)
    assert str(caught.value) == f"{name}: {value} is out of range"
    assert not things.listener.closed


def test_a_number_that_is_not_shown(things: Any) -> None:
    with pytest.raises(ValueError) as caught:
        things.semaphore.take(10**5000)
    assert str(caught.value) == "index: a number is out of range"


def test_a_port_of_another_kind(things: Any) -> None:
    class Index:
        def __index__(self) -> int:
            return int(things.listener.port)

    ipc.tcp_connect("127.0.0.1", Index()).close()  # type: ignore[arg-type]


def test_a_value_is_one_option() -> None:
    with pytest.raises(ValueError, match="a comma in the value"):
        ipc.tcp_listen("127.0.0.1", 0, backlog="3,v4only")


def test_what_is_no_number(things: Any) -> None:
    with pytest.raises(TypeError):
        things.semaphore.take("1")
    with pytest.raises(TypeError, match="a service is a name or a port"):
        ipc.tcp_connect("127.0.0.1", 1.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [10**400, float("inf"), 1e300])
def test_a_time_limit_beyond_the_clock_is_none(things: Any, seconds: float) -> None:
    semaphore = ipc.Semaphore.create(sysv.IPC_PRIVATE, [1])
    try:
        semaphore.take(timeout=seconds)
    finally:
        semaphore.remove()
    things.reader.timeout = seconds
    things.writer.write(b"a\nb\nc\n")
    assert things.reader.readline(timeout=seconds) == b"a\n"
    assert things.reader.expect(b"b\n", timeout=seconds).before == b""
    assert things.reader.script([(b"c\n", None)], timeout=seconds)
    things.reader.timeout = None
    assert ipc.capture(["true"], timeout=seconds).status.ok and ipc.system(["true"], timeout=seconds).ok
    assert ipc.qx(["true"], timeout=seconds) == b"" and ipc.pipeline(["true"], timeout=seconds).ok
    assert ipc.open2(["true"]).communicate(timeout=seconds).status.ok
    assert things.child.wait(seconds).ok
    things.dgram.send(b"x", things.dgram.address, timeout=seconds)
    assert things.dgram.recv(timeout=seconds)[0] == b"x"
    assert ipc.qx(["true"], grace=seconds) == b""
    with ipc.open3(["echo", "a"]) as kid:
        assert list(kid.lines(timeout=seconds)) == [("out", b"a\n")]
    with ipc.SIG.block("USR1"):
        ipc.kill("USR1", os.getpid())
        assert ipc.SIG.next(seconds) == "USR1"
    with ipc.local(ipc.SIG, USR1=str, ALRM=str):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert ipc.SIG.dispatch(seconds) == 1
        ipc.alarm(seconds, seconds)
        assert ipc.alarm(0) > 1e9
    over = threading.Event()

    def wake() -> None:
        while not over.wait(0.2):
            os.kill(os.getpid(), signal.SIGUSR1)

    waker = threading.Thread(target=wake)
    with ipc.local(ipc.SIG, USR1=str):
        waker.start()
        assert ipc.sleep(seconds) > 1e9
        over.set()
        waker.join()
    with pytest.raises(ValueError, match="a time limit is not negative"):
        things.dgram.recv(timeout=-seconds)
