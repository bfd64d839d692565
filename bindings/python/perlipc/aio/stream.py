"""Streams, awaited."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, AnyStr, Generic, Literal, Self, overload

import perlipc as ipc

from .._perlipc import Expect, Match, Status
from ..cmd import HasFileno
from ..error import ChildError
from ..expect import ExpectTimeout
from .block import Way, by_limit, forget, here, ready, until, wake_everywhere, within
from .child import Child, pidfd


class Stream(Generic[AnyStr]):
    """A filehandle: perlipc.Stream, awaited. sync is the one underneath; it does not wait any more (its timeout is 0).

    Any number of tasks may wait on it, though two that read get each a part. `async for` gives records. As an async context
    manager it is closed at the end; leaving on an exception ends the child.
    """

    sync: ipc.Stream[AnyStr]
    child: Child | None

    def __init__(self, stream: ipc.Stream[AnyStr], *, grace: float = 1.0) -> None:
        stream.timeout = 0.0
        self.sync = stream
        self.child = None if stream.child is None else Child(stream.child)
        self._grace = grace
        fd = stream.fileno()
        self._in: tuple[Way, ...] = ((fd, False),)
        self._out: Way = (fd, True)
        self._pty = self.child is not None and os.isatty(fd)
        if self._pty:
            # A descendant may keep the terminal open: its end is then told by the child's.
            self._in += tuple(pidfd(stream.child))
        self._ended = False

    @property
    def status(self) -> Status | None:
        """How the child ended, as close() has learnt it."""
        return self.sync.status

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self.sync.closed

    @property
    def lineno(self) -> int:
        """How many records were read."""
        return self.sync.lineno

    @property
    def separator(self) -> AnyStr | int | None:
        """What ends a record: see perlipc.Stream.separator."""
        return self.sync.separator

    @separator.setter
    def separator(self, value: AnyStr | int | None) -> None:
        self.sync.separator = value

    def fileno(self) -> int:
        """The descriptor; it stays the stream's, which may have read ahead."""
        return self.sync.fileno()

    async def _fill(self, enough: int = -1) -> bool:
        def fill() -> bool:
            try:
                return self.sync._fill()
            except TimeoutError:
                # What was read is there, though its log has no room.
                if 0 <= enough <= self.sync._buffered():
                    return True
                raise

        more = await until(fill, *self._in)
        self._ended = not more
        return more

    async def read(self, size: int | None = -1) -> AnyStr:
        """Reads size bytes (characters of a text stream), less only at the end; all until the end when size is negative or
        None."""
        if size is None:
            size = -1
        # Ahead into the stream, which has it all the time, whoever gives up.
        while (size < 0 or self.sync._buffered() < size) and await self._fill(size):
            pass
        if size < 0 or self._ended:
            return self.sync.read(size)
        # A text stream's characters may need more bytes.
        return await until(lambda: self.sync.read(size), *self._in)

    async def read1(self, size: int | None = -1) -> AnyStr:
        """Reads what is there, up to size; waits if there is nothing, and is empty only at the end."""
        return await until(lambda: self.sync.read1(size), *self._in)

    async def peek(self, size: int) -> AnyStr:
        """The next size bytes (characters of a text stream), less only at the end; they stay, for the next read."""
        return await until(lambda: self.sync.peek(size), *self._in)

    async def readline(self) -> AnyStr:
        """The next record with its separator; empty at the end."""
        line = await until(self.sync.readline, *self._in)
        self._ended = not line
        return line

    async def readlines(self) -> list[AnyStr]:
        """All records until the end."""
        while await self._fill():
            pass
        return self.sync.readlines()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyStr:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    async def eof(self) -> bool:
        """Whether there is nothing more to read. Waits to know, and loses nothing."""
        return await until(self.sync.eof, *self._in)

    async def write(self, data: AnyStr) -> int:
        """Writes all, or into the buffer where perlipc.Stream.autoflush is off; the length of data. Cancelled, what was not
        written stays in the stream: do not write it again, flush() goes on.
        """
        return await self._written(self.sync.write, data, 0)

    async def flush(self) -> None:
        """Writes what is in the buffer."""
        await until(self.sync.flush, self._out)

    async def drain(self) -> None:
        """The same as flush(), by asyncio's name for it."""
        await self.flush()

    async def sendline(self, line: AnyStr) -> int:
        """Writes the line and a newline."""
        return await self._written(self.sync.sendline, line, 1)

    async def _written(self, write: Callable[[AnyStr], int], data: AnyStr, more: int) -> int:
        try:
            return write(data)
        except TimeoutError as error:
            if not by_limit(error):
                raise
        await self.flush()
        return (len(data) if isinstance(data, str) else memoryview(data).nbytes) + more

    async def writelines(self, lines: Iterable[AnyStr]) -> None:
        """Writes each of the lines."""
        for line in lines:
            await self.write(line)

    async def control(self, key: str) -> None:
        """Writes the byte that a key gives with Control held: see perlipc.Stream.control."""
        try:
            self.sync.control(key)
        except TimeoutError as error:
            if not by_limit(error):
                raise
        await self.flush()

    async def send_fds(self, data: bytes, fds: Iterable[int | HasFileno]) -> None:
        """Sends descriptors over a Unix socket, with data: see perlipc.Stream.send_fds."""
        numbers = list(fds)

        def send() -> None:
            try:
                self.sync.send_fds(data, numbers)
            except TimeoutError:
                if not self.sync._pending():
                    raise
                # They went with the first of the data, the rest of which is to follow.

        await self.flush()
        await until(send, self._out)
        await self.flush()

    async def recv_fds(self, size: int = 65536, most: int = 253) -> tuple[bytes, list[int]]:
        """What is there, with the descriptors that came along: see perlipc.Stream.recv_fds."""
        return await until(lambda: self.sync.recv_fds(size, most), *self._in)

    async def shutdown(self) -> None:
        """No more writing: flushes, and the other end sees the end."""
        await self.flush()
        if self.sync.readable():
            self.sync.shutdown()
        else:
            # It closes the descriptor.
            forget(self._out[0])
            self.sync.shutdown()

    async def expect(
        self, patterns: Expect | ipc._perlipc._Pattern | Sequence[ipc._perlipc._Pattern], *, timeout: float | None = 30.0
    ) -> Match[AnyStr]:
        """Waits for one of the patterns: see perlipc.Stream.expect."""
        prepared = patterns if isinstance(patterns, Expect) else Expect(patterns)
        here()
        try:
            async with within(timeout) as limit:
                before = -1
                while (found := self.sync._expect(prepared)) is None:
                    # What has come is looked at once more: that its log has no room is told as if it had not come.
                    ahead = self.sync._buffered()
                    await (ready(*self._in) if ahead == before else asyncio.sleep(0))
                    before = ahead
                return found
        except TimeoutError:
            if not limit.expired():
                raise
        try:
            # What came last counts, and the error has what is unread.
            return self.sync.expect(prepared, timeout=0.0)
        except ExpectTimeout as error:
            raise error from None

    async def script(
        self,
        steps: Iterable[
            tuple[Expect | ipc._perlipc._Pattern | Sequence[ipc._perlipc._Pattern] | None, AnyStr | None]
        ],
        *,
        timeout: float | None = 30.0,
    ) -> list[Match[AnyStr]]:
        """A dialogue, of what to wait for and what to write then: see perlipc.Stream.script. timeout is of all together."""
        loop = asyncio.get_running_loop()
        end = within(timeout).when()
        found = []
        for patterns, answer in steps:
            left = None if end is None else max(0.0, end - loop.time())
            if patterns is not None:
                found.append(await self.expect(patterns, timeout=left))
            if answer is not None:
                async with within(left):
                    await self.write(answer)
                    await self.flush()
        return found

    def cancel(self) -> None:
        """Ends the calls that wait and every later one that would have to, with OSError (ECANCELED). From any thread."""
        self.sync.cancel()
        wake_everywhere(*self._in, self._out)

    async def close(self) -> Status | None:
        """Flushes and closes; where this was the last stream of a child, waits for it and gives its status. Perl's close.

        Cancelled, it may be called again. Closing twice does no harm.
        """
        failed: OSError | None = None
        if not self.sync.closed and self.sync.writable():
            try:
                await self.flush()
            except OSError as error:
                # To be told when all the rest is done.
                failed = error
        if self._pty and self._ended and self.child is not None and not self.sync.closed:
            # Hung up before it has come to its end, it would have HUP as its status.
            try:
                async with asyncio.timeout(1):
                    await self.child.wait()
            except TimeoutError:
                pass
        if not self.sync.closed:
            forget(self._out[0])
        try:
            status = await until(self.sync.close, *pidfd(self.sync.child))
        except ChildError:
            if failed is None:
                raise
        if failed is not None:
            raise failed
        return status

    async def __aenter__(self) -> Self:
        self.sync.__enter__()
        return self

    async def __aexit__(self, kind: object, *exc: object) -> None:
        if kind is None:
            await self.close()
            return
        try:
            if self.child is not None:
                await self.child.end(self._grace)
        finally:
            if not self.sync.closed:
                forget(self._out[0])
            try:
                self.sync.close()
            except (OSError, ValueError, ChildError):
                # The exception that is under way is the one to tell of.
                pass

    def __repr__(self) -> str:
        return repr(self.sync).replace("perlipc.", "perlipc.aio.", 1)


@overload
def adopt(fd: int, *, text: Literal[False] = False) -> Stream[bytes]: ...
@overload
def adopt(fd: int, *, text: Literal[True]) -> Stream[str]: ...
def adopt(fd: int, *, text: bool = False) -> Stream[Any]:
    """Takes a descriptor over: see perlipc.adopt."""
    return Stream(ipc.adopt(fd, text=text))  # type: ignore[call-overload]


@overload
def pipe(*, text: Literal[False] = False) -> tuple[Stream[bytes], Stream[bytes]]: ...
@overload
def pipe(*, text: Literal[True]) -> tuple[Stream[str], Stream[str]]: ...
def pipe(*, text: bool = False) -> tuple[Stream[Any], Stream[Any]]:
    """What is written to the second is read from the first. Perl: pipe."""
    reader, writer = ipc.pipe(text=text)  # type: ignore[call-overload]
    return Stream(reader), Stream(writer)
