"""Waiting for descriptors on the running loop: what all that is awaited here stands on."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..popen import _LONG

_T = TypeVar("_T")
# A descriptor, and whether it is waited for to be written.
Way = tuple[int, bool]
_Waiting = dict[Way, set["asyncio.Future[None]"]]

_waiting: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = weakref.WeakKeyDictionary()

# How many calls may come back at once before the loop turns.
_TURN = 64
# How long a child without a pidfd may have ended before that is seen.
LOOK_EVERY = 0.02


def here() -> asyncio.AbstractEventLoop:
    """The running loop, which wake_everywhere() finds from then on: before the look that a wait comes behind."""
    loop = asyncio.get_running_loop()
    _waiting.setdefault(loop, {})
    return loop


async def ready(*ways: Way) -> None:
    """Waits until one of them is ready, or closed. Several tasks may wait for the same."""
    loop = here()
    waiting = _waiting[loop]
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


def wake_everywhere(*ways: Way) -> None:
    """In the loops of other threads too; from any thread, also one without a loop."""
    try:
        own = asyncio.get_running_loop()
    except RuntimeError:
        own = None
    for loop in [ref() for ref in _waiting.keyrefs()]:
        for way in ways:
            if loop is own and loop is not None:
                wake(loop, way)
            elif loop is not None:
                try:
                    # Who waits there may have looked and not be entered yet: he is when the loop comes to this.
                    loop.call_soon_threadsafe(wake, loop, way)
                except RuntimeError:
                    # It has ended, and nobody waits.
                    break


def forget(fd: int) -> None:
    """Before a descriptor is closed: who waits for it looks again."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        # It has ended, and nobody waits.
        return
    wake(loop, (fd, False))
    wake(loop, (fd, True))


_at_once = 0


async def until(call: Callable[[], _T], *ways: Way) -> _T:
    """What a call gives that has no time to wait, as soon as it can: asked again when a descriptor tells, or where there is
    none that does, at growing intervals."""
    global _at_once
    _at_once += 1
    if _at_once >= _TURN:
        # Who always finds something must let others have their turn too; before the call, for what it gives is not to be lost
        # when the task is cancelled.
        _at_once = 0
        await asyncio.sleep(0)
    pause = 0.001
    while True:
        try:
            return call()
        except TimeoutError as error:
            if not by_limit(error):
                raise
            tells = bool(ways) and not of_log(error)
        if tells and asyncio.get_running_loop() not in _waiting:
            # Another look, now that who cancels knows the loop.
            here()
            continue
        if tells:
            await ready(*ways)
        else:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LOOK_EVERY)


def by_limit(error: TimeoutError) -> bool:
    """Whether it says that a call had no time to wait, and not that the network has given up."""
    return getattr(error, "by_limit", False)


def of_log(error: TimeoutError) -> bool:
    """Whether it was a stream's log that had no room, of which the stream's descriptor does not tell."""
    return getattr(error, "step", None) == "log"


def within(seconds: float | None) -> asyncio.Timeout:
    """asyncio.timeout, with a limit as it is everywhere here: not negative, and beyond the clock's reach it is none."""
    if seconds is not None and not seconds >= 0:
        raise ValueError(f"a time limit is not negative: {seconds}")
    return asyncio.timeout(None if seconds is None or seconds > _LONG else seconds)


async def together(*work: Coroutine[Any, Any, Any]) -> None:
    """All of them at once; when one fails, the others are given up first."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
