"""What all tests share: nothing may be left behind, a program that is watched from outside, and loops."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

import perlipc as ipc
from perlipc import aio


def descriptors() -> set[str]:
    """The descriptors of this process, but for the one that looks, and those that a thread keeps to be woken by."""
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            where = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue
        if "eventfd" not in where:
            found.add(f"{fd} {where}")
    return found


def children() -> list[int]:
    """The children of this process, zombies too."""
    found = []
    for task in os.listdir("/proc/self/task"):
        text = Path(f"/proc/self/task/{task}/children").read_text()
        found += [int(pid) for pid in text.split()]
    return found


def eventually(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.002)


# How long a child takes to come so far nobody knows: one time limit after the other, until it has.
LIMITS = [0.1 * 2**n for n in range(8)]


def stopped(child: ipc.Child) -> None:
    """Waits until it has stopped itself: CONT before that would be lost."""
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No descriptor and no child is left behind by a test."""
    before = descriptors()
    yield
    # Exceptions that a test has caught hold its frames.
    gc.collect()
    left = descriptors() - before
    assert not left, f"left open: {left}"
    eventually(lambda: ipc.orphans() == 0 and not children())


def asleep(pid: int) -> bool:
    """Whether the process's main thread, or the thread of that number, sleeps in the kernel."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "S"


def until_asleep(pid: int) -> None:
    """Waits until it is asleep at several looks: in the call, and not only on the way there."""
    still = 0

    def waits() -> bool:
        nonlocal still
        still = still + 1 if asleep(pid) else 0
        return still > 15

    eventually(waits)


class Program:
    """A Python program of its own, that says "ready" on its standard output and then waits in a call of ours."""

    def __init__(self, code: str) -> None:
        text = "import os, signal, sys, threading, time\nimport perlipc as ipc\n"
        text += "def ready():\n    print('ready', flush=True)\n" + code
        self.process = subprocess.Popen(
            [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
        )

    def signal_when_waiting(self, number: int = signal.SIGINT) -> None:
        """Sends a signal when the program has said that it is ready and sleeps."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == b"ready\n", (line, self.process.communicate())
        until_asleep(self.process.pid)
        os.kill(self.process.pid, number)

    def end(self, limit: float = 20) -> tuple[int, str, str]:
        """Its code, and what it said."""
        out, err = self.process.communicate(timeout=limit)
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture
def program() -> Iterator[Callable[[str], Program]]:
    """Starts programs, and ends what is left of them."""
    started: list[Program] = []

    def start(code: str) -> Program:
        started.append(Program(code))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        for pipe in (one.process.stdout, one.process.stderr):
            if pipe is not None:
                pipe.close()


# What libuv makes once in a process and keeps.
uvloop.new_event_loop().close()

Runner = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Runs a coroutine in a loop of its own, within a minute; nothing may keep that from turning for long."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:

        def go(work: Coroutine[Any, Any, Any]) -> Any:
            async def bounded() -> Any:
                worst = 0.0

                async def watch() -> None:
                    nonlocal worst
                    while True:
                        begun = time.monotonic()
                        await asyncio.sleep(0.005)
                        worst = max(worst, time.monotonic() - begun)

                watcher = asyncio.ensure_future(watch())
                try:
                    async with asyncio.timeout(60):
                        result = await work
                finally:
                    watcher.cancel()
                assert worst < 5, f"the loop stood still for {worst} s"
                return result

            return runner.run(bounded())

        yield go
    assert not any(aio.block._waiting.values()), "somebody waits still"
