from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import perlipc as ipc

from conftest import Program


def test_modes_and_timeouts(tmp_path: Path) -> None:
    with open(tmp_path / "locked", "w") as one, open(tmp_path / "locked") as other:
        ipc.flock(one, "SH")
        ipc.flock(other.fileno(), "SH", timeout=0)
        with pytest.raises(TimeoutError):
            ipc.flock(one, "EX", timeout=0)
        ipc.flock(other, "UN")
        ipc.flock(one, "EX")
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            ipc.flock(other, "SH", timeout=0.05)
        assert 0.05 <= time.monotonic() - begin < 10
        with pytest.raises(ValueError, match="unknown mode"):
            ipc.flock(other, "XX")  # type: ignore[arg-type]
        with pytest.raises(OSError):
            ipc.flock(-1, "SH")


@pytest.mark.parametrize(
    "wait", ["ipc.flock(file, 'EX', timeout=10)", "lock.take(timeout=10)", "ipc.FutexSemaphore(value=0).take()"]
)
def test_a_signal_that_another_thread_took_ends_the_wait(wait: str, program: Callable[[str], Program]) -> None:
    """Python runs its handlers on the main thread, none of whose calls such a signal interrupts."""
    waiter = program(
        f"""
def stop(*_):
    sys.exit(7)
signal.signal(signal.SIGUSR1, stop)
held = open(sys.executable)
file = open(sys.executable)
ipc.flock(held, "EX")
lock = ipc.Lock()
taken = threading.Event()
def other():
    lock.take()
    taken.set()
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(60)
threading.Thread(target=other, daemon=True).start()
taken.wait()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
{wait}
"""
    )
    code, _, errors = waiter.end()
    assert code == 7, errors


def test_an_alarm_ends_the_wait(tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise InterruptedError("alarm")

    with open(tmp_path / "locked", "w") as one, open(tmp_path / "locked") as other:
        ipc.flock(one, "EX")
        before = signal.signal(signal.SIGALRM, stop)
        try:
            for timeout in (None, 20.0):
                with pytest.raises(InterruptedError, match="alarm"):
                    signal.setitimer(signal.ITIMER_REAL, 0.03)
                    ipc.flock(other, "EX", timeout=timeout)
        finally:
            signal.signal(signal.SIGALRM, before)
