"""Children, awaited."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any, Literal, TypeVar, Unpack

import perlipc as ipc

from .._perlipc import Status, Tree
from ..cmd import Command, Options, Signal
from .block import LOOK_EVERY, Way, ready, together, within

_T = TypeVar("_T")


class Child:
    """A process that this one started: perlipc.Child, awaited by its pidfd. sync is the one underneath."""

    sync: ipc.Child

    def __init__(self, child: ipc.Child) -> None:
        self.sync = child

    @property
    def pid(self) -> int:
        """The process id."""
        return self.sync.pid

    @property
    def status(self) -> Status | None:
        """How it ended, if somebody has waited for it or polled since."""
        return self.sync.status

    def poll(self) -> Status | None:
        """Its status if it has ended."""
        return self.sync.poll()

    def kill(self, signal: Signal = "TERM", *, tree: bool = False) -> Literal["process", "group", "sweep"]:
        """Sends it a signal; with tree=True to all that descend from it too."""
        return self.sync.kill(signal, tree=tree)

    async def wait(self) -> Status:
        """Waits for its end: its status. Any number of tasks may, and asked again it answers again."""
        while (status := self.sync.poll()) is None:
            try:
                fd = self.sync.fileno()
            except OSError:
                await asyncio.sleep(LOOK_EVERY)
            else:
                await ready((fd, False))
        return status

    async def end(self, grace: float = 1.0) -> Status:
        """Ends it and all that descend from it: TERM, up to grace seconds for all of them to go, then KILL; its status.
        Cancelled, it does not wait for the grace.
        """
        # What is no time is told of before anything is done.
        within(grace)
        if (status := self.sync.poll()) is not None:
            return status
        tree, gone = Tree(), False
        try:
            self._kill_tree("TERM", tree)
            async with within(grace):
                status = await self.wait()
                for fd in tree.pidfds():
                    await ready((fd, False))
            gone = True
            return status
        except TimeoutError:
            pass
        finally:
            if not gone:
                self._kill_tree("KILL", tree)
        return await self.wait()

    def _kill_tree(self, signal: str, tree: Tree) -> None:
        try:
            self.sync._kill_again(signal, tree)
        except ProcessLookupError:
            pass

    def __repr__(self) -> str:
        return f"aio.{self.sync!r}"


def pidfd(child: ipc.Child | None) -> Iterator[Way]:
    if child is not None:
        try:
            yield child.fileno(), False
        except OSError:
            pass


async def start(command: Command, **options: Unpack[Options]) -> Child:
    """Starts a command without any pipe and without waiting: see perlipc.start."""
    return Child(ipc.start(command, **options))


def grace(options: Any) -> float:
    try:
        return float(options.get("grace", 1.0))
    except OverflowError:
        return math.inf


async def ending(
    children: Sequence[Child], grace: float, work: Awaitable[_T], timeout: float | None
) -> _T | None:
    """Does the work within the time; None, and the children are ended, when that is over. Whoever gives up ends them too."""
    done = False
    try:
        async with within(timeout) as limit:
            result = await work
            done = True
            return result
    except TimeoutError:
        if not limit.expired():
            raise
    finally:
        if not done:
            await together(*(child.end(grace) for child in children))
    return None
