from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

import perlipc as ipc


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
        assert 0.05 <= time.monotonic() - begin < 0.5
        with pytest.raises(ValueError, match="unknown mode"):
            ipc.flock(other, "XX")  # type: ignore[arg-type]
        with pytest.raises(OSError):
            ipc.flock(-1, "SH")


def test_an_alarm_ends_the_wait(tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise InterruptedError("alarm")

    with open(tmp_path / "locked", "w") as one, open(tmp_path / "locked") as other:
        ipc.flock(one, "EX")
        before = signal.signal(signal.SIGALRM, stop)
        try:
            for timeout in (None, 20.0):
                signal.setitimer(signal.ITIMER_REAL, 0.03)
                with pytest.raises(InterruptedError, match="alarm"):
                    ipc.flock(other, "EX", timeout=timeout)
        finally:
            signal.signal(signal.SIGALRM, before)
