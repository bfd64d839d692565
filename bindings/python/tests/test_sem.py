from __future__ import annotations

import array
import errno
import os
import struct
import threading
import time
from typing import Any

import pytest

import perlipc as ipc
from perlipc.sysv import (
    GETALL,
    GETNCNT,
    GETPID,
    GETVAL,
    GETZCNT,
    IPC_CREAT,
    IPC_EXCL,
    IPC_NOWAIT,
    IPC_PRIVATE,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    SEM_UNDO,
    SETALL,
    SETVAL,
)

from conftest import eventually


def pack(*numbers: int) -> bytes:
    return struct.pack(f"{len(numbers)}h", *numbers)


def test_perls_calls() -> None:
    id = ipc.semget(IPC_PRIVATE, 3, 0o600)
    try:
        assert ipc.semctl(id, 1, SETVAL, 7) == 0
        assert ipc.semctl(id, 1, GETVAL) == 7
        assert ipc.semctl(id, 0, GETALL) == pack(0, 7, 0)
        assert ipc.semctl(id, 0, SETALL, pack(1, 2, 3)) == 0
        with pytest.raises(ValueError, match="bad arg length for semctl, is 4, should be 6"):
            ipc.semctl(id, 0, SETALL, pack(1, 2))
        ipc.semop(id, pack(0, -1, 0, 1, 5, SEM_UNDO))
        assert ipc.semctl(id, 0, GETALL) == pack(0, 7, 3)
        assert ipc.semctl(id, 0, GETPID) == os.getpid()
        assert ipc.semctl(id, 0, GETNCNT) == ipc.semctl(id, 0, GETZCNT) == 0
        with pytest.raises(BlockingIOError):
            ipc.semop(id, [(1, 1, 0), (0, -1, IPC_NOWAIT)])
        assert ipc.semctl(id, 1, GETVAL) == 7
        for bad, why in [(b"", errno.EINVAL), (b"1234567", errno.EINVAL), (pack(9, 1, 0), errno.EFBIG)]:
            with pytest.raises(OSError) as caught:
                ipc.semop(id, bad)
            assert caught.value.errno == why
        stat = ipc.semctl(id, 0, IPC_STAT)
        assert len(stat) == 104
        assert ipc.semctl(id, 0, IPC_SET, stat) == 0
        with pytest.raises(ValueError):
            ipc.semctl(id, 0, 99)
    finally:
        assert ipc.semctl(id, 0, IPC_RMID) == 0
    with pytest.raises(OSError, match="never there, or removed") as caught:
        ipc.semctl(id, 0, GETVAL)
    assert caught.value.errno == errno.EINVAL


def test_get() -> None:
    with pytest.raises(FileNotFoundError):
        ipc.semget(0x7C000001, 0, 0)
    id = ipc.semget(0x7C000001, 1, 0o600 | IPC_CREAT)
    with pytest.raises(FileExistsError):
        ipc.semget(0x7C000001, 1, 0o600 | IPC_CREAT | IPC_EXCL)
    with pytest.raises(TimeoutError):
        ipc.Semaphore.attach(0x7C000001, timeout=0.02)
    ipc.Semaphore(id).give()
    assert ipc.Semaphore.attach(0x7C000001).id == id
    ipc.Semaphore(id).remove()


def test_takes_and_gives() -> None:
    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [1, 0])
    assert semaphore == ipc.Semaphore(semaphore.id)
    semaphore.take()
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        semaphore.take(timeout=0.05)
    assert 0.05 <= time.monotonic() - begin < 10
    with pytest.raises(TimeoutError):
        semaphore.take(timeout=0)
    # Another thread runs while this one waits.
    def give() -> None:
        eventually(lambda: semaphore.waiting() == 1)
        semaphore.give()

    giver = threading.Thread(target=give)
    giver.start()
    semaphore.take(timeout=10)
    giver.join()
    semaphore.give()
    with semaphore:
        assert semaphore.value() == 0
    assert semaphore.values() == [1, 0]
    semaphore.set_values([3, 4])
    semaphore.set(1, 5)
    assert semaphore.values() == [3, 5]
    semaphore.change(mode=0o640)
    stat = semaphore.stat()
    assert (stat["mode"], stat["nsems"], stat["cuid"]) == (0o640, 2, os.geteuid())
    semaphore.remove()


def test_undo_when_killed() -> None:
    semaphore = ipc.Semaphore.open("perlipc-py-test", [1])

    def holder() -> int:
        semaphore.take(undo=True)
        time.sleep(100)
        return 0

    child = ipc.fork(holder)
    assert child is not None
    eventually(lambda: semaphore.value() == 0)
    child.kill("KILL")
    child.wait()
    assert semaphore.value() == 1
    semaphore.remove()


def test_removal_says_what_may_have_done_it() -> None:
    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [0])

    def remove() -> None:
        eventually(lambda: semaphore.waiting() == 1)
        semaphore.remove()

    remover = threading.Thread(target=remove)
    remover.start()
    with pytest.raises(OSError, match="RemoveIPC") as caught:
        semaphore.take()
    assert caught.value.errno == errno.EIDRM
    remover.join()


def test_handlers_end_a_wait() -> None:
    import signal

    class Stop(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stop

    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [0])
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(Stop):
            signal.setitimer(signal.ITIMER_REAL, 0.03)
            semaphore.take(timeout=20)
    finally:
        signal.signal(signal.SIGALRM, before)
        semaphore.remove()


def test_perl_on_the_other_side() -> None:
    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [1])
    take = "exit !semop(shift, pack('sss', 0, 0, 0) . pack('sss', 0, 1, 0))"
    child = ipc.start(["perl", "-e", take, str(semaphore.id)])
    eventually(lambda: semaphore.waiting(for_zero=True) == 1)
    semaphore.op([(0, -1, 0)])
    assert child.wait(timeout=10).ok
    give = ipc.start(["perl", "-e", "exit !semop(shift, pack('sss', 0, -1, 0))", str(semaphore.id)])
    semaphore.op(pack(0, 0, 0, 0, 1, 0), timeout=10)
    assert give.wait(timeout=10).ok
    semaphore.remove()


def test_a_sequence_that_is_longer_than_all_memory() -> None:
    for length in (10**14, 2**62):
        too_long: Any = range(length)
        with pytest.raises(MemoryError):
            ipc.Semaphore.create(IPC_PRIVATE, too_long)
        with pytest.raises(MemoryError):
            ipc.semop(0, too_long)
    with pytest.raises(TypeError):
        ipc.Semaphore.create(IPC_PRIVATE, "12")  # type: ignore[arg-type]


def test_packed_values_are_the_bytes_of_what_has_a_buffer() -> None:
    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [0, 0])
    try:
        ipc.semctl(semaphore.id, 0, SETALL, array.array("H", [5, 6]))  # type: ignore[arg-type]
        assert semaphore.values() == [5, 6]
        for other in ([5, 0, 6, 0], "5060"):
            with pytest.raises(TypeError):
                ipc.semctl(semaphore.id, 0, SETALL, other)  # type: ignore[arg-type]
        assert semaphore.values() == [5, 6]
    finally:
        semaphore.remove()
