from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

import perlipc as ipc


def test_excludes() -> None:
    name = f"py-test-{os.getpid()}"
    lock = ipc.Lock(name)
    assert (repr(lock), repr(ipc.Lock())) == (f"Lock({name!r})", "Lock()")
    assert lock.take() is False
    with pytest.raises(OSError) as caught:
        lock.take()
    assert caught.value.errno == errno.EDEADLK

    def other() -> int:
        begin = time.monotonic()
        with pytest.raises(TimeoutError, match=f"perlipc-lock-{name}: timed out"):
            ipc.Lock(name).take(timeout=0.05)
        return 0 if time.monotonic() - begin >= 0.05 else 1

    child = ipc.fork(other)
    assert child is not None and child.wait().ok
    lock.give()
    with pytest.raises(PermissionError):
        lock.give()
    with lock as died:
        assert not died
    ipc.Lock.remove(name)
    with pytest.raises(FileNotFoundError):
        ipc.Lock.remove(name)


def test_a_holders_death_is_told_once() -> None:
    lock = ipc.Lock()
    reader, writer = os.pipe()

    def holder() -> int:
        lock.take()
        os.write(writer, b"x")
        time.sleep(100)
        return 0

    child = ipc.fork(holder)
    assert child is not None
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    os.close(writer)
    # It waits already when the holder is killed, and other threads run meanwhile.
    killer = threading.Timer(0.03, child.kill, ["KILL"])
    killer.start()
    with lock as died:
        assert died
    with lock as died:
        assert not died
    killer.join()
    child.wait()


def test_the_end_of_a_thread_is_a_death() -> None:
    lock = ipc.Lock()
    thread = threading.Thread(target=lock.take)
    thread.start()
    thread.join()
    assert lock.take(timeout=5)
    lock.give()


def test_names_are_paths_of_any_kind(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"not \xff UTF-8")
    names: list[str | bytes | Path] = [str(odd), os.fsencode(odd), odd]
    first, *others = [ipc.Lock(name) for name in names]
    with first:
        for other in others:
            # It is the same one, and this thread has it.
            with pytest.raises(OSError, match="deadlock"):
                other.take(timeout=0)
    ipc.Lock.remove(odd)
    assert not odd.exists()
    assert ipc.FutexSemaphore(odd, 3).value() == ipc.FutexSemaphore(bytes(odd)).value() == 3
    ipc.FutexSemaphore.remove(odd)
    ipc.Shared(odd).value = b"here"
    assert ipc.Shared(str(odd)).value == b"here"
    ipc.Shared.remove(odd)
    assert not odd.exists()


def test_only_what_it_is_is_removed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for kind in ipc.Lock, ipc.Shared, ipc.FutexSemaphore:
        with pytest.raises(ValueError, match="precious is something else"):
            kind.remove(precious)
    assert precious.read_text() == "precious"
