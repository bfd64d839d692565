"""Named pipes, awaited."""

from __future__ import annotations

import asyncio
import os
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
    held: int | None = None
    pause = 0.001
    try:
        while True:
            try:
                return Stream(ipc.open_fifo(path, mode, keep=keep, timeout=0.0, text=text))  # type: ignore[call-overload]
            except TimeoutError:
                pass
            if mode == "<" and held is None:
                # While it is waited for, a writer must find somebody who reads.
                held = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LOOK_EVERY)
    finally:
        if held is not None:
            os.close(held)
