"""Commands that are run to their end."""

from __future__ import annotations

import operator
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

import perlipc as ipc

from .. import _perlipc
from .._perlipc import Result, Status
from ..cmd import Command, Options
from ..error import ChildError, CommandTimeout
from .block import together, within
from .child import Child, ending, grace, start
from .popen import Feed, open3
from .stream import Stream
from .stream import pipe as _pipe

if TYPE_CHECKING:
    from typing_extensions import Buffer


# Read after a limit at most: what the pipe held, and what the command said on being ended.
_DRAIN = 1 << 20


class _Kept:
    """What a command says; with a limit, the first half of that many bytes and the last half."""

    def __init__(self, stream: Stream[bytes] | None, limit: int | None) -> None:
        self._stream = None if stream is None or stream.closed else stream
        self._limit = limit
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    async def hear(self) -> None:
        """To the end."""
        while self._stream is not None and await self._stream._fill():
            self._trim(self._stream.sync)

    def drain(self) -> None:
        """What has come until now."""
        left = _DRAIN
        try:
            while self._stream is not None and left > 0:
                before = self._stream.sync._buffered()
                if not self._stream.sync._fill():
                    break
                left -= self._stream.sync._buffered() - before
                self._trim(self._stream.sync)
        except TimeoutError:
            pass

    def _trim(self, sync: ipc.Stream[bytes]) -> None:
        if self._limit is None:
            return
        half = self._limit // 2
        data = sync.read(sync._buffered())
        room = self._limit - half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        over = len(self._tail) - half
        if over > 0:
            self.dropped += over
            del self._tail[:over]

    def data(self) -> bytes:
        if self._stream is None or self._limit is not None:
            return bytes(self._head + self._tail)
        return self._stream.sync.read(self._stream.sync._buffered())


async def _heard(
    children: list[Child],
    streams: tuple[Stream[bytes] | None, Stream[bytes] | None, Stream[bytes] | None],
    input: Any,
    grace: float,
    limit: int | None,
    timeout: float | None,
    text: bool,
) -> Result[Any]:
    """The writer is fed, the readers are heard, until all have ended or the time is over."""
    writer, *readers = streams
    feed = Feed(writer, input)
    feed.begin()
    out, err = (_Kept(reader, limit) for reader in readers)

    async def work() -> bool:
        await together(feed.run(), out.hear(), err.hear())
        for child in children:
            await child.wait()
        return True

    timed_out = not await ending(children, grace, work(), timeout)
    if timed_out:
        out.drain()
        err.drain()
    statuses = [await child.wait() for child in children]
    said = [kept.data() for kept in (out, err)]
    for stream in streams:
        if stream is not None and timed_out:
            # What did not go out is not waited for: somebody else may have the other end.
            await stream.__aexit__(TimeoutError)
    stdout, stderr = (one.decode("utf-8", "surrogateescape") for one in said) if text else said
    dropped = out.dropped + err.dropped
    return _perlipc.result(statuses, stdout, stderr, timed_out=timed_out, fed=feed.fed, dropped=dropped)


def _encoded(input: Any, text: bool) -> Any:
    if text and input is not None:
        if not isinstance(input, str):
            raise TypeError("with text=True the input is a str")
        return input.encode("utf-8", "surrogateescape")
    return input


@overload
async def capture(
    command: Command,
    input: Buffer | None = None,
    *,
    limit: int | None = None,
    timeout: float | None = None,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> Result[bytes]: ...
@overload
async def capture(
    command: Command,
    input: str | None = None,
    *,
    limit: int | None = None,
    timeout: float | None = None,
    text: Literal[True],
    **options: Unpack[Options],
) -> Result[str]: ...
async def capture(
    command: Command,
    input: Any = None,
    *,
    limit: int | None = None,
    timeout: float | None = None,
    text: bool = False,
    **options: Any,
) -> Result[Any]:
    """Runs a command with its input fed and both outputs drained at once: see perlipc.capture.

    When timeout seconds are over, or the task is cancelled, the command and all that descend from it are ended (TERM, grace
    seconds, KILL); at the timeout the Result has what came until then, with timed_out True.
    """
    input = _encoded(input, text)
    # Wrong words are told of before anything begins.
    within(timeout)
    if limit is not None and operator.index(limit) < 0:
        raise ValueError(f"limit: {limit} is out of range")
    if input is None:
        options.setdefault("stdin", "inherit")
    elif "stdin" in options:
        raise ValueError("capture: there is input, but the standard input is redirected")
    if "stdout" in options and "stderr" in options:
        raise ValueError("capture: both outputs are redirected: there is nothing to capture")
    async with await open3(command, **options) as kid:
        streams = kid.writer, kid.reader, kid.error
        return await _heard([kid.child], streams, input, grace(options), limit, timeout, text)


@overload
async def pipeline(
    *commands: Command, input: Buffer | None = None, timeout: float | None = None, text: Literal[False] = False
) -> Result[bytes]: ...
@overload
async def pipeline(
    *commands: Command, input: str | None = None, timeout: float | None = None, text: Literal[True]
) -> Result[str]: ...
async def pipeline(
    *commands: Command, input: Any = None, timeout: float | None = None, text: bool = False
) -> Result[Any]:
    """Runs commands side by side, each one's output the next one's input, without a shell: see perlipc.pipeline.

    When timeout seconds are over, or the task is cancelled, all of them are ended with all that descend from them; at the
    timeout the Result has what came until then, with timed_out True.

    >>> import asyncio
    >>> from perlipc import aio
    >>> asyncio.run(aio.pipeline(["printf", "b\\na\\n"], ["sort"])).stdout
    b'a\\nb\\n'
    """
    if not commands:
        raise ValueError("pipeline: no command")
    input = _encoded(input, text)
    within(timeout)
    children: list[Child] = []
    async with AsyncExitStack() as held:

        async def end_all(kind: object, *_: object) -> None:
            # They were part of a whole that cannot be.
            if kind is not None:
                await together(*(child.end(0) for child in children))

        held.push_async_exit(end_all)

        async def pipe() -> tuple[Stream[bytes], Stream[bytes]]:
            reader, writer = _pipe()
            await held.enter_async_context(reader)
            await held.enter_async_context(writer)
            return reader, writer

        source, writer = (None, None) if input is None else await pipe()
        errors, theirs = await pipe()
        for command in commands:
            reader, output = await pipe()
            options: Options = {"stdout": output, "stderr": theirs}
            if source is not None:
                options["stdin"] = source
            children.append(await start(command, **options))
            await output.close()
            if source is not None:
                await source.close()
            source = reader
        await theirs.close()
        return await _heard(children, (writer, source, errors), input, 1.0, None, timeout, text)


@overload
async def qx(
    command: Command,
    *,
    check: bool = True,
    timeout: float | None = None,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> bytes: ...
@overload
async def qx(
    command: Command, *, check: bool = True, timeout: float | None = None, text: Literal[True], **options: Unpack[Options]
) -> str: ...
async def qx(
    command: Command, *, check: bool = True, timeout: float | None = None, text: bool = False, **options: Any
) -> Any:
    """What a command says on its standard output: see perlipc.qx. Unless it exits with 0, ChildError; check=False takes any
    status. What it says on its standard error goes to this process's, or into the ChildError.
    """
    if not check:
        options.setdefault("stderr", "inherit")
    result: Result[Any] = await capture(command, timeout=timeout, text=text, **options)  # type: ignore[call-overload]
    if result.timed_out:
        raise CommandTimeout(command, result.status, result.stdout, result.stderr)
    if check and not result.status.ok:
        raise ChildError(command, result.status, result.stdout, result.stderr)
    if result.stderr:
        said = result.stderr
        os.write(2, said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said)
    return result.stdout


async def system(command: Command, *, timeout: float | None = None, **options: Unpack[Options]) -> Status:
    """Runs a command and waits for it: its status. At the timeout it is ended with all that descend from it, and
    CommandTimeout is raised; likewise it is ended when the task is cancelled. INT and QUIT stay the loop's.
    """
    within(timeout)
    child = await start(command, **options)
    status = await ending([child], grace(options), child.wait(), timeout)
    if status is None:
        raise CommandTimeout(command, await child.wait())
    return status
