"""Pipe opens, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, AnyStr, Generic, Literal, Self, Unpack, overload

import perlipc as ipc

from .. import _perlipc
from .._perlipc import Result, Status
from ..cmd import Command, Mode, Options
from .block import ready
from .child import Child, grace
from .stream import Stream


class Duplex(Generic[AnyStr]):
    """The streams to a command from open2 and open3: reader, writer and error, and the child; see perlipc.Duplex.

    It unpacks as Perl's calls give it: open2 reader, writer, pid; open3 writer, reader, error, pid.
    """

    reader: Stream[AnyStr]
    writer: Stream[AnyStr]
    error: Stream[AnyStr] | None
    child: Child

    def __init__(self, duplex: ipc.Duplex[AnyStr], *, grace: float = 1.0) -> None:
        def stream(sync: ipc.Stream[AnyStr] | None) -> Any:
            return None if sync is None else Stream(sync, grace=grace)

        self.reader, self.writer, self.error = stream(duplex.reader), stream(duplex.writer), stream(duplex.error)
        self.child = Child(duplex.child)
        self._order = duplex._order

    def __iter__(self) -> Iterator[Any]:
        if self._order == "open2":
            return iter((self.reader, self.writer, self.child.pid))
        return iter((self.writer, self.reader, self.error, self.child.pid))

    def _streams(self) -> list[Stream[AnyStr]]:
        return [stream for stream in (self.writer, self.reader, self.error) if stream is not None]

    async def communicate(self, input: AnyStr | None = None) -> Result[AnyStr]:
        """Writes all of input and closes the writer, while it keeps all that comes, until the child has ended: a Result.

        Full pipes cannot stand in the way. Cancelled, nothing is lost: what had come is in the streams, and what of the
        input did not go out goes out by the writer's flush().
        """
        fed = 0

        async def feed() -> None:
            nonlocal fed
            if self.writer is not None and not self.writer.closed:
                try:
                    if input:
                        await self.writer.write(input)
                        await self.writer.flush()
                        fed = len(input.encode("utf-8", "surrogateescape") if isinstance(input, str) else input)
                except BrokenPipeError:
                    # It wants to hear no more.
                    pass
                await _close_quietly(self.writer)

        async def hear(stream: Stream[AnyStr] | None) -> None:
            if stream is not None and not stream.closed:
                while await stream._fill():
                    pass

        await together(feed(), hear(self.reader), hear(self.error))
        empty: Any = ""
        heard = []
        for stream in (self.reader, self.error):
            if stream is None or stream.closed:
                heard.append(empty)
                continue
            heard.append(stream.sync.read())
            empty = heard[-1][:0]
            await stream.close()
        status = await self.child.wait()
        heard = [one or empty for one in heard]
        return _perlipc.result(status, heard[0], heard[1], timed_out=False, fed=fed)

    async def lines(self) -> AsyncIterator[tuple[Literal["out", "err"], AnyStr]]:
        """The lines of the output and of the errors as they come, each with "out" or "err", until both have ended."""
        sources: dict[Any, Stream[AnyStr]] = {"out": self.reader}
        if self.error is not None:
            sources["err"] = self.error
        sources = {name: stream for name, stream in sources.items() if stream is not None and not stream.closed}
        while sources:
            found = False
            for name, stream in list(sources.items()):
                try:
                    line = stream.sync.readline()
                except TimeoutError as error:
                    if not getattr(error, "by_limit", False):
                        raise
                    continue
                found = True
                if line:
                    yield name, line
                else:
                    del sources[name]
            if not found:
                await ready(*(way for stream in sources.values() for way in stream._in))

    async def close(self) -> Status | None:
        """Closes all the streams and waits for the child: its status."""
        for stream in self._streams():
            await stream.close()
        return self.child.status

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: Any) -> None:
        for stream in self._streams():
            await stream.__aexit__(*exc)


async def _close_quietly(stream: Stream[Any]) -> None:
    try:
        await stream.close()
    except BrokenPipeError:
        pass


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """All of them at once; when one fails, the others are given up first."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@overload
async def open(
    spec: str | Mode,
    command: Command | None = None,
    *,
    check: bool = False,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> Stream[bytes]: ...
@overload
async def open(
    spec: str | Mode, command: Command | None = None, *, check: bool = False, text: Literal[True], **options: Unpack[Options]
) -> Stream[str]: ...
async def open(
    spec: str, command: Command | None = None, *, check: bool = False, text: bool = False, **options: Any
) -> Stream[Any]:
    """Starts a command and gives the other end of its output or input: see perlipc.open, but for the forms that fork."""
    return Stream(ipc.open(spec, command, check=check, text=text, **options), grace=grace(options))  # type: ignore[call-overload]


@overload
async def open2(command: Command, *, text: Literal[False] = False, **options: Unpack[Options]) -> Duplex[bytes]: ...
@overload
async def open2(command: Command, *, text: Literal[True], **options: Unpack[Options]) -> Duplex[str]: ...
async def open2(command: Command, *, text: bool = False, **options: Any) -> Duplex[Any]:
    """Starts a command with its output to read and its input to write: see perlipc.open2."""
    return Duplex(ipc.open2(command, text=text, **options), grace=grace(options))  # type: ignore[call-overload]


@overload
async def open3(
    command: Command, *, merge: bool = False, text: Literal[False] = False, **options: Unpack[Options]
) -> Duplex[bytes]: ...
@overload
async def open3(
    command: Command, *, merge: bool = False, text: Literal[True], **options: Unpack[Options]
) -> Duplex[str]: ...
async def open3(command: Command, *, merge: bool = False, text: bool = False, **options: Any) -> Duplex[Any]:
    """Starts a command with all three of its standard descriptors on streams: see perlipc.open3."""
    return Duplex(ipc.open3(command, merge=merge, text=text, **options), grace=grace(options))  # type: ignore[call-overload]


async def open_pty(command: Command, *, text: bool = False, **options: Any) -> Stream[Any]:
    """Starts a command on a terminal of its own: see perlipc.open_pty, also for the options."""
    return Stream(ipc.open_pty(command, text=text, **options), grace=grace(options))  # type: ignore[call-overload]
