"""Waiting for descriptors on the running loop: what all that is awaited here stands on."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
# A descriptor, and whether it is waited for to be written.
Way = tuple[int, bool]
_Waiting = dict[Way, set["asyncio.Future[None]"]]

_waiting: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = weakref.WeakKeyDictionary()

# How many calls may come back at once before the loop turns.
_TURN = 64
# How long a child without a pidfd may have ended before that is seen.
LOOK_EVERY = 0.02


async def ready(*ways: Way) -> None:
    """Waits until one of them is ready, or closed. Several tasks may wait for the same."""
    loop = asyncio.get_running_loop()
    waiting = _waiting.setdefault(loop, {})
    future: asyncio.Future[None] = loop.create_future()
    try:
        for way in ways:
            if way not in waiting:
                fd, write = way
                try:
                    (loop.add_writer if write else loop.add_reader)(fd, wake, loop, way)
                except PermissionError:
                    # A file: the kernel does not watch it, and it is always ready.
                    await asyncio.sleep(0)
                    return
                waiting[way] = set()
            waiting[way].add(future)
        await future
    finally:
        for way in ways:
            futures = waiting.get(way, set())
            futures.discard(future)
            if way in waiting and not futures:
                wake(loop, way)


def wake(loop: asyncio.AbstractEventLoop, way: Way) -> None:
    futures = _waiting.get(loop, {}).pop(way, None)
    if futures is not None:
        fd, write = way
        (loop.remove_writer if write else loop.remove_reader)(fd)
        for future in futures:
            if not future.done():
                future.set_result(None)


def forget(fd: int) -> None:
    """Before a descriptor is closed: who waits for it looks again."""
    loop = asyncio.get_running_loop()
    wake(loop, (fd, False))
    wake(loop, (fd, True))


_at_once = 0


async def until(call: Callable[[], _T], *ways: Way) -> _T:
    """What a call gives that has no time to wait, as soon as it can."""
    global _at_once
    _at_once += 1
    if _at_once >= _TURN:
        # Who always finds something must let others have their turn too; before the call, for what it gives is not to be lost
        # when the task is cancelled.
        _at_once = 0
        await asyncio.sleep(0)
    while True:
        try:
            return call()
        except TimeoutError as error:
            if not getattr(error, "by_limit", False):
                raise
        await ready(*ways)
