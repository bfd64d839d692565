from __future__ import annotations

import errno
import struct
import threading
import time

import pytest

import perlipc as ipc
from perlipc.sysv import IPC_CREAT, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, MSG_EXCEPT, MSG_NOERROR


def packed(type: int, body: bytes) -> bytes:
    return struct.pack("l", type) + body


def test_perls_calls() -> None:
    id = ipc.msgget(IPC_PRIVATE, 0o600 | IPC_CREAT)
    for type, body in [(5, b"five"), (3, b"three"), (9, b"nine")]:
        ipc.msgsnd(id, packed(type, body))
    assert ipc.msgrcv(id, 60, 9, IPC_NOWAIT) == packed(9, b"nine")
    assert ipc.msgrcv(id, 60, 5, MSG_EXCEPT) == packed(3, b"three")
    with pytest.raises(OSError) as caught:
        ipc.msgrcv(id, 2)
    assert caught.value.errno == errno.E2BIG
    assert ipc.msgrcv(id, 2, 0, MSG_NOERROR) == packed(5, b"fi")
    with pytest.raises(OSError) as caught:
        ipc.msgrcv(id, 60, 0, IPC_NOWAIT)
    assert caught.value.errno == errno.ENOMSG
    with pytest.raises(ValueError, match="too short"):
        ipc.msgsnd(id, b"1234567")
    stat = ipc.msgctl(id, IPC_STAT)
    assert len(stat) == 120 and ipc.msgctl(id, IPC_SET, stat) == 0
    assert ipc.msgctl(id, IPC_RMID) == 0


def test_a_queue() -> None:
    queue = ipc.MessageQueue.open("perlipc-py-test")
    assert queue == ipc.MessageQueue.open("perlipc-py-test")
    queue.send(b"one", 7)
    queue.send(b"", 2)
    assert len(queue) == 2
    assert queue.recv(-5) == (2, b"")
    assert queue.recv() == (7, b"one")
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        queue.recv(timeout=0.05)
    while len(queue) < 16:
        queue.send(bytes(1024))
    with pytest.raises(TimeoutError):
        queue.send(bytes(1024), timeout=0.05)
    assert 0.1 <= time.monotonic() - begin < 10
    with pytest.raises(OSError, match="msgmax"):
        queue.send(bytes(100_000))
    # More than there is memory for.
    with pytest.raises(OSError) as caught:
        queue.recv(size=1 << 50)
    assert caught.value.errno == errno.ENOMEM
    queue.change(qbytes=1000)
    assert queue.stat()["qbytes"] == 1000
    queue.remove()


def test_other_threads_run_while_it_waits() -> None:
    queue = ipc.MessageQueue.open(IPC_PRIVATE)
    sender = threading.Timer(0.02, queue.send, [b"x"])
    sender.start()
    assert queue.recv() == (1, b"x")
    sender.join()
    queue.remove()


def test_perl_on_the_other_side() -> None:
    queue = ipc.MessageQueue.open(IPC_PRIVATE)
    queue.send(b"shout", 1)
    program = (
        "msgrcv($ARGV[0], $b, 99, 1, 0) or die; ($t, $m) = unpack 'l! a*', $b;"
        "msgsnd($ARGV[0], pack('l! a*', 7, uc $m), 0) or die; print $t"
    )
    assert ipc.qx(["perl", "-e", program, str(queue.id)]) == b"1"
    assert queue.recv(7, timeout=5) == (7, b"SHOUT")
    queue.remove()


def test_takes_what_has_a_buffer() -> None:
    queue = ipc.MessageQueue.open(IPC_PRIVATE)
    for data in b"a", bytearray(b"b"), memoryview(b"-c-")[1:2]:
        queue.send(data, 3)
        ipc.msgsnd(queue.id, bytearray(packed(4, bytes(data))))
        assert (queue.recv(3), queue.recv(4)) == ((3, bytes(data)), (4, bytes(data)))
    with pytest.raises(TypeError):
        queue.send("text")  # type: ignore[arg-type]
    queue.remove()
