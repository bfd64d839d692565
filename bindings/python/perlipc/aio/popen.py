"""Pipe opens, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, AnyStr, Generic, Literal, Self, Unpack, overload

import perlipc as ipc

from .. import _perlipc
from .._perlipc import Result, Status
from ..cmd import Command, Mode, Options
from ..popen import _TURN
from .block import LOOK_EVERY, by_limit, here, of_log, ready, together, until
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
        if input and (self.writer is None or self.writer.closed):
            why = "redirected" if self.writer is None else "closed"
            raise ValueError(f"communicate: there is input, but the standard input is {why}")
        feed = Feed(self.writer, input)
        feed.begin()
        await together(feed.run(), *(hear(stream) for stream in (self.reader, self.error)))
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
        return _perlipc.result([status], heard[0], heard[1], timed_out=False, fed=feed.fed)

    async def lines(self) -> AsyncIterator[tuple[Literal["out", "err"], AnyStr]]:
        """The lines of the output and of the errors as they come, each with "out" or "err", until both have ended."""
        here()
        sources: dict[Any, Stream[AnyStr]] = {"out": self.reader}
        if self.error is not None:
            sources["err"] = self.error
        sources = {name: stream for name, stream in sources.items() if stream is not None and not stream.closed}
        while sources:
            # Who always finds something must let others have their turn too; nothing is in its hands here.
            await asyncio.sleep(0)
            found = late = False
            for turn in range(_TURN):
                more = False
                for name, stream in list(sources.items()):
                    try:
                        line = stream.sync._line_ahead() if turn else stream.sync.readline()
                    except TimeoutError as error:
                        if not by_limit(error):
                            raise
                        late = late or of_log(error)
                        continue
                    if line is None:
                        continue
                    found = more = True
                    if line:
                        yield name, line
                    else:
                        del sources[name]
                        stream._ended = True
                if not more:
                    break
            if late and not found:
                await asyncio.sleep(LOOK_EVERY)
            elif not found:
                await ready(*(way for stream in sources.values() for way in stream._in))

    async def close(self) -> Status | None:
        """Closes all the streams and waits for the child: its status."""
        async with AsyncExitStack() as rest:
            for stream in reversed(self._streams()):
                rest.push_async_callback(stream.close)
        return self.child.status

    def __repr__(self) -> str:
        return f"<perlipc.aio.Duplex reader={self.reader!r} writer={self.writer!r} error={self.error!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: Any) -> None:
        async with AsyncExitStack() as rest:
            for stream in reversed(self._streams()):
                rest.push_async_callback(stream.__aexit__, *exc)


class Feed:
    """What a command is to read, and how much of it went out."""

    def __init__(self, writer: Stream[Any] | None, data: Any) -> None:
        self._writer = writer
        self._data = data
        self._size = 0
        self.fed = 0

    def begin(self) -> None:
        """Puts it into the writer, which has it from then on, whoever gives up."""
        data, writer = self._data, self._writer
        if not data or writer is None or writer.closed:
            return
        self._size = len(data.encode("utf-8", "surrogateescape")) if isinstance(data, str) else memoryview(data).nbytes
        try:
            self._some(writer.sync, lambda: writer.sync.write(data))
        except BrokenPipeError:
            # It wants to hear no more.
            pass
        except TimeoutError as error:
            if not by_limit(error):
                raise

    async def run(self) -> None:
        """Writes the rest and closes the writer."""
        writer = self._writer
        if writer is None or writer.closed:
            return
        try:
            if writer.sync._pending():
                await until(lambda: self._some(writer.sync, writer.sync.flush), writer._out)
            await writer.close()
        except BrokenPipeError:
            await writer.close()

    def _some(self, sync: ipc.Stream[Any], write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            unsent = sync._pending() if isinstance(error, TimeoutError) and by_limit(error) else sync._lost()
            self.fed = max(0, self._size - unsent)
            raise
        self.fed = max(0, self._size - sync._pending())


async def hear(stream: Stream[Any] | None) -> None:
    """Reads ahead to the end."""
    if stream is not None and not stream.closed:
        while await stream._fill():
            pass


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


@overload
async def open_pty(
    command: Command,
    *,
    rows: int = 24,
    cols: int = 80,
    echo: bool = False,
    crlf: bool = False,
    raw: bool = False,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> Stream[bytes]: ...
@overload
async def open_pty(
    command: Command,
    *,
    rows: int = 24,
    cols: int = 80,
    echo: bool = False,
    crlf: bool = False,
    raw: bool = False,
    text: Literal[True],
    **options: Unpack[Options],
) -> Stream[str]: ...
async def open_pty(command: Command, *, text: bool = False, **options: Any) -> Stream[Any]:
    """Starts a command on a terminal of its own: see perlipc.open_pty, also for the options."""
    return Stream(ipc.open_pty(command, text=text, **options), grace=grace(options))  # type: ignore[call-overload]
