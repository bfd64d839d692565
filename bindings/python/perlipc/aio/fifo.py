"""Named pipes, awaited."""

from __future__ import annotations

import asyncio
import os
import select
from typing import Any, Literal, overload

import perlipc as ipc

from ..cmd import Arg
from .block import LOOK_EVERY
from .stream import Stream


@overload
async def open_fifo(
    path: Arg, mode: Literal["<", ">", "+<"], *, keep: bool = False, text: Literal[False] = False
) -> Stream[bytes]: ...
@overload
async def open_fifo(
    path: Arg, mode: Literal["<", ">", "+<"], *, keep: bool = False, text: Literal[True]
) -> Stream[str]: ...
async def open_fifo(
    path: Arg, mode: Literal["<", ">", "+<"], *, keep: bool = False, text: bool = False
) -> Stream[Any]:
    """Opens a named pipe: see perlipc.open_fifo. It looks for the other side at growing intervals, of 20 ms at most: no
    descriptor tells of that.
    """
    # While a writer is waited for, it must find somebody who reads, and one that comes and goes between two looks is seen there.
    held = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC) if mode == "<" and ipc.is_fifo(path) else None
    pause = 0.0
    try:
        while True:
            found: ipc.Stream[Any] | None = None
            try:
                found = ipc.open_fifo(path, mode, keep=keep, timeout=0.0, text=text)  # type: ignore[call-overload]
            except TimeoutError:
                pass
            if held is None or pause == 0.0:
                if found is not None:
                    return Stream(found)
            elif found is not None or _has_come(held):
                if found is not None:
                    found.close()
                os.set_blocking(held, True)
                reader, held = held, None
                return Stream(ipc.adopt(reader, text=text))  # type: ignore[call-overload]
            pause = min(2 * pause or 0.001, LOOK_EVERY)
            await asyncio.sleep(pause)
    finally:
        if held is not None:
            os.close(held)


def _has_come(reader: int) -> bool:
    """Whether there was a writer since this reader is there: it has left something, or has ended."""
    looks = select.poll()
    looks.register(reader, select.POLLIN)
    return bool(looks.poll(0))
