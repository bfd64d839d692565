from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable

import pytest

import perlipc as ipc

from conftest import Program, eventually


def test_counts() -> None:
    name = f"py-test-{os.getpid()}"
    semaphore = ipc.FutexSemaphore(name, 2)
    other = ipc.FutexSemaphore(name, 9)
    assert (semaphore.value(), other.value()) == (2, 2)
    with semaphore, other:
        assert semaphore.value() == 0
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            other.take(timeout=0.05)
        with pytest.raises(TimeoutError):
            other.take(timeout=0)
        assert 0.05 <= time.monotonic() - begin < 10
    assert other.value() == 2
    ipc.FutexSemaphore.remove(name)
    with pytest.raises(FileNotFoundError):
        ipc.FutexSemaphore.remove(name)
    with pytest.raises(OSError) as caught:
        ipc.FutexSemaphore(value=2**31 - 1).give()
    assert caught.value.errno == errno.EOVERFLOW
    with pytest.raises(ValueError):
        ipc.FutexSemaphore(value=-1)


def test_other_threads_run_while_it_waits() -> None:
    semaphore = ipc.FutexSemaphore(value=0)
    giver = threading.Timer(0.02, semaphore.give)
    giver.start()
    semaphore.take(timeout=10)
    giver.join()


def test_processes_take_turns() -> None:
    there, back = ipc.FutexSemaphore(value=0), ipc.FutexSemaphore(value=0)

    def partner() -> int:
        for _ in range(500):
            there.take()
            back.give()
        return 0

    child = ipc.fork(partner)
    for _ in range(500):
        there.give()
        back.take(timeout=10)
    assert child is not None and child.wait().ok


def test_a_killed_holders_unit_is_gone() -> None:
    semaphore = ipc.FutexSemaphore()

    def holder() -> int:
        semaphore.take()
        time.sleep(100)
        return 0

    child = ipc.fork(holder)
    assert child is not None
    eventually(lambda: semaphore.value() == 0)
    child.kill("KILL")
    child.wait()
    with pytest.raises(TimeoutError):
        semaphore.take(timeout=0.02)


def test_ctrl_c_ends_the_wait(program: Callable[[str], Program]) -> None:
    waiter = program("ready()\nipc.FutexSemaphore(value=0).take()")
    waiter.signal_when_waiting()
    _, _, errors = waiter.end()
    assert "KeyboardInterrupt" in errors
