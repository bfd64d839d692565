from __future__ import annotations

import functools
import os
from collections.abc import Callable

import pytest

import perlipc as ipc
from perlipc import sysv


def test_keys() -> None:
    assert ipc.ftok("/etc/passwd") == ipc.ftok("/etc/passwd", 1) == ipc.ftok("/etc/passwd", "\x01")
    program = "use IPC::SysV 'ftok'; print ftok('/etc/passwd', 'A')"
    assert ipc.ftok("/etc/passwd", "A") == int(ipc.qx(["perl", "-e", program]))
    with pytest.raises(FileNotFoundError):
        ipc.ftok("/nonexistent")


def test_keys_are_32_bits() -> None:
    key = 0xDEAD0000 | os.getpid() & 0xFFFF
    queue = ipc.MessageQueue.open(key)
    try:
        assert ipc.msgget(key, 0) == ipc.msgget(key - 2**32, 0) == queue.id
    finally:
        queue.remove()
    segment = ipc.SharedMem.open(key, 10)
    try:
        assert ipc.shmget(key, 0, 0) == ipc.shmget(key - 2**32, 0, 0)
    finally:
        segment.remove()
    semaphore = ipc.Semaphore.create(key, [1])
    try:
        assert ipc.semget(key, 0, 0) == ipc.semget(key - 2**32, 0, 0)
        assert ipc.Semaphore.attach(key).value() == 1
    finally:
        semaphore.remove()
    for wrong in 2**32, -(2**31) - 1:
        with pytest.raises(ValueError):
            ipc.msgget(wrong, 0)


def test_a_time_limit_is_not_negative() -> None:
    """Also where nothing has to be waited for."""
    queue = ipc.MessageQueue.open(sysv.IPC_PRIVATE)
    semaphore = ipc.Semaphore.create(sysv.IPC_PRIVATE, [5])
    shared = ipc.Shared()
    calls: list[Callable[..., object]] = [
        ipc.FutexSemaphore().take,
        ipc.Lock().take,
        semaphore.take,
        shared.take,
        functools.partial(semaphore.op, [(0, -1, 0)]),
        functools.partial(shared.write, b"x"),
        functools.partial(queue.send, b"x"),
        queue.recv,
    ]
    for call in calls:
        with pytest.raises(ValueError, match="not negative"):
            call(timeout=-1.0)
    assert (semaphore.value(), len(queue), shared.version) == (5, 0, 0)
    queue.remove()
    semaphore.remove()


def test_limits() -> None:
    assert sysv.limit("semmni") > 0
    with pytest.raises(ValueError):
        sysv.limit("nosuch")


def test_objects_have_owners() -> None:
    queue = ipc.MessageQueue.open(sysv.IPC_PRIVATE)
    queue.send(b"four")
    (found,) = [o for o in sysv.objects() if (o["kind"], o["id"]) == ("msg", queue.id)]
    assert (found["uid"], found["cuid"], found["mode"]) == (os.geteuid(), os.geteuid(), 0o600)
    assert (found["size"], found["count"]) == (4, 1)
    queue.remove()
    assert not [o for o in sysv.objects() if (o["kind"], o["id"]) == ("msg", queue.id)]
