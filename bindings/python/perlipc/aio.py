"""The same names on asyncio: what waits is awaited.

Everything goes by descriptors in the running loop, asyncio's own or another one that has add_reader and add_writer; no
thread is started (but by the loop itself, for host names that are not numbers). Starting a program takes its moment as
everywhere. Time limits are asyncio.timeout's. A call that is cancelled loses nothing: what was read stays in the stream,
and what was not written goes out with the next flush(); one that runs a command to its end (capture, qx, system) ends it
then. Handlers of signals are the loop's affair.

>>> import asyncio
>>> from perlipc import aio
>>> async def main():
...     async with await aio.open("echo one; echo two |", text=True) as lines:
...         return [line async for line in lines]
>>> asyncio.run(main())
['one\\n', 'two\\n']
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, AnyStr, Generic, Literal, Self, TypeVar, Unpack, overload

import perlipc as ipc

from . import _perlipc
from ._perlipc import Expect, Match, Result, Status
from .cmd import Arg, Command, Mode, Options, Signal
from .error import ChildError, CommandTimeout
from .expect import ExpectTimeout

__all__ = [
    "Child",
    "Dgram",
    "Duplex",
    "Listener",
    "Stream",
    "adopt",
    "capture",
    "open",
    "open2",
    "open3",
    "open_fifo",
    "open_pty",
    "pipe",
    "qx",
    "socketpair",
    "start",
    "system",
    "tcp_connect",
    "tcp_listen",
    "udp",
    "unix_connect",
    "unix_dgram",
    "unix_listen",
]

_T = TypeVar("_T")
_Held = TypeVar("_Held", ipc.Listener, ipc.Dgram)
# A descriptor, and whether it is waited for to be written.
_Way = tuple[int, bool]
_Waiting = dict[_Way, set["asyncio.Future[None]"]]

_waiting: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = weakref.WeakKeyDictionary()

# How many calls may come back at once before the loop turns.
_TURN = 64
# How long a child without a pidfd may have ended before that is seen.
_LOOK_EVERY = 0.02
# How long one address may take before the next one is tried beside it.
_NEXT_ADDRESS = 0.25


async def _ready(*ways: _Way) -> None:
    """Waits until one of them is ready, or closed. Several tasks may wait for the same."""
    loop = asyncio.get_running_loop()
    waiting = _waiting.setdefault(loop, {})
    future: asyncio.Future[None] = loop.create_future()
    try:
        for way in ways:
            if way not in waiting:
                fd, write = way
                try:
                    (loop.add_writer if write else loop.add_reader)(fd, _wake, loop, way)
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
                _wake(loop, way)


def _wake(loop: asyncio.AbstractEventLoop, way: _Way) -> None:
    futures = _waiting.get(loop, {}).pop(way, None)
    if futures is not None:
        fd, write = way
        (loop.remove_writer if write else loop.remove_reader)(fd)
        for future in futures:
            if not future.done():
                future.set_result(None)


def _forget(fd: int) -> None:
    """Before a descriptor is closed: who waits for it looks again."""
    loop = asyncio.get_running_loop()
    _wake(loop, (fd, False))
    _wake(loop, (fd, True))


_at_once = 0


async def _until(call: Callable[[], _T], *ways: _Way) -> _T:
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
        await _ready(*ways)


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
                await asyncio.sleep(_LOOK_EVERY)
            else:
                await _ready((fd, False))
        return status

    async def end(self, grace: float = 1.0) -> Status:
        """Ends it and all that descend from it: TERM, up to grace seconds to go, then KILL; its status. Cancelled, it does
        not wait for the grace.
        """
        if (status := self.sync.poll()) is not None:
            return status
        gone = False
        try:
            self._kill_tree("TERM")
            async with asyncio.timeout(grace):
                status = await self.wait()
            gone = True
            return status
        except TimeoutError:
            pass
        finally:
            if not gone:
                self._kill_tree("KILL")
        return await self.wait()

    def _kill_tree(self, signal: str) -> None:
        try:
            self.sync.kill(signal, tree=True)
        except ProcessLookupError:
            pass

    def __repr__(self) -> str:
        return f"aio.{self.sync!r}"


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
        self._in: tuple[_Way, ...] = ((fd, False),)
        self._out: _Way = (fd, True)
        self._pty = self.child is not None and os.isatty(fd)
        if self._pty:
            # A descendant may keep the terminal open: its end is then told by the child's.
            self._in += tuple(_pidfd(stream.child))
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

    async def _fill(self) -> bool:
        more = await _until(self.sync._fill, *self._in)
        self._ended = not more
        return more

    async def read(self, size: int = -1) -> AnyStr:
        """Reads size bytes (characters of a text stream), less only at the end; all until the end when size is negative."""
        # Ahead into the stream, which has it all the time, whoever gives up.
        while (size < 0 or self.sync._buffered() < size) and await self._fill():
            pass
        if size < 0 or self._ended:
            return self.sync.read(size)
        # A text stream's characters may need more bytes.
        return await _until(lambda: self.sync.read(size), *self._in)

    async def read1(self, size: int = -1) -> AnyStr:
        """Reads what is there, up to size; waits if there is nothing, and is empty only at the end."""
        return await _until(lambda: self.sync.read1(size), *self._in)

    async def readline(self) -> AnyStr:
        """The next record with its separator; empty at the end."""
        line = await _until(self.sync.readline, *self._in)
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
        return await _until(self.sync.eof, *self._in)

    async def write(self, data: AnyStr) -> int:
        """Writes all, or into the buffer where perlipc.Stream.autoflush is off; the length of data. Cancelled, what was not
        written stays in the stream: do not write it again, flush() goes on.
        """
        try:
            return self.sync.write(data)
        except TimeoutError as error:
            if not getattr(error, "by_limit", False):
                raise
        await self.flush()
        return len(data)

    async def flush(self) -> None:
        """Writes what is in the buffer."""
        await _until(self.sync.flush, self._out)

    async def drain(self) -> None:
        """The same as flush(), by asyncio's name for it."""
        await self.flush()

    async def sendline(self, line: AnyStr) -> int:
        """Writes the line and a newline."""
        end = "\n" if isinstance(line, str) else b"\n"
        return await self.write(line + end)

    async def shutdown(self) -> None:
        """No more writing: flushes, and the other end sees the end."""
        await self.flush()
        if self.sync.readable():
            self.sync.shutdown()
        else:
            # It closes the descriptor.
            _forget(self._out[0])
            self.sync.shutdown()

    async def expect(
        self, patterns: Expect | ipc._perlipc._Pattern | Sequence[ipc._perlipc._Pattern], *, timeout: float | None = 30.0
    ) -> Match[AnyStr]:
        """Waits for one of the patterns: see perlipc.Stream.expect."""
        prepared = patterns if isinstance(patterns, Expect) else Expect(patterns)
        try:
            async with asyncio.timeout(timeout) as limit:
                while (found := self.sync._expect(prepared)) is None:
                    await _ready(*self._in)
                return found
        except TimeoutError:
            if not limit.expired():
                raise
        try:
            # What came last counts, and the error has what is unread.
            return self.sync.expect(prepared, timeout=0.0)
        except ExpectTimeout as error:
            raise error from None

    def cancel(self) -> None:
        """Ends the calls that wait and every later one that would have to, with OSError (ECANCELED)."""
        self.sync.cancel()
        for way in (*self._in, self._out):
            _wake(asyncio.get_running_loop(), way)

    async def close(self) -> Status | None:
        """Flushes and closes; where this was the last stream of a child, waits for it and gives its status. Perl's close.

        Cancelled, it may be called again. Closing twice does no harm.
        """
        if not self.sync.closed and self.sync.writable():
            try:
                await self.flush()
            except OSError:
                # close() tells of it, when all the rest is done.
                pass
        if self._pty and self._ended and self.child is not None and not self.sync.closed:
            # Hung up before it has come to its end, it would have HUP as its status.
            try:
                async with asyncio.timeout(1):
                    await self.child.wait()
            except TimeoutError:
                pass
        if not self.sync.closed:
            _forget(self._out[0])
        return await _until(self.sync.close, *_pidfd(self.sync.child))

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
                _forget(self._out[0])
            try:
                self.sync.close()
            except (OSError, ValueError, ChildError):
                # The exception that is under way is the one to tell of.
                pass

    def __repr__(self) -> str:
        return f"aio.{self.sync!r}"


def _pidfd(child: ipc.Child | None) -> Iterator[_Way]:
    if child is not None:
        try:
            yield child.fileno(), False
        except OSError:
            pass


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

        await _all(feed(), hear(self.reader), hear(self.error))
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
                await _ready(*(way for stream in sources.values() for way in stream._in))

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


async def _all(*work: Coroutine[Any, Any, None]) -> None:
    """All of them at once; when one fails, the others are given up first."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _grace(options: Any) -> float:
    return float(options.get("grace", 1.0))


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
    return Stream(ipc.open(spec, command, check=check, text=text, **options), grace=_grace(options))  # type: ignore[call-overload]


@overload
async def open2(command: Command, *, text: Literal[False] = False, **options: Unpack[Options]) -> Duplex[bytes]: ...
@overload
async def open2(command: Command, *, text: Literal[True], **options: Unpack[Options]) -> Duplex[str]: ...
async def open2(command: Command, *, text: bool = False, **options: Any) -> Duplex[Any]:
    """Starts a command with its output to read and its input to write: see perlipc.open2."""
    return Duplex(ipc.open2(command, text=text, **options), grace=_grace(options))  # type: ignore[call-overload]


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
    return Duplex(ipc.open3(command, merge=merge, text=text, **options), grace=_grace(options))  # type: ignore[call-overload]


async def open_pty(command: Command, *, text: bool = False, **options: Any) -> Stream[Any]:
    """Starts a command on a terminal of its own: see perlipc.open_pty, also for the options."""
    return Stream(ipc.open_pty(command, text=text, **options), grace=_grace(options))  # type: ignore[call-overload]


async def open_fifo(path: Arg, mode: Literal["<", ">", "+<"], *, keep: bool = False) -> Stream[bytes]:
    """Opens a named pipe: see perlipc.open_fifo. It looks for the other side at growing intervals, of 20 ms at most: no
    descriptor tells of that.
    """
    held: int | None = None
    pause = 0.001
    try:
        while True:
            try:
                return Stream(ipc.open_fifo(path, mode, keep=keep, timeout=0.0))
            except TimeoutError:
                pass
            if mode == "<" and held is None:
                # While it is waited for, a writer must find somebody who reads.
                held = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LOOK_EVERY)
    finally:
        if held is not None:
            os.close(held)


def adopt(fd: int, *, text: bool = False) -> Stream[Any]:
    """Takes a descriptor over: see perlipc.adopt."""
    return Stream(ipc.adopt(fd, text=text))  # type: ignore[call-overload]


def pipe(*, text: bool = False) -> tuple[Stream[Any], Stream[Any]]:
    """What is written to the second is read from the first. Perl: pipe."""
    reader, writer = ipc.pipe(text=text)  # type: ignore[call-overload]
    return Stream(reader), Stream(writer)


def socketpair() -> tuple[Stream[bytes], Stream[bytes]]:
    """Two connected streams: Perl's socketpair."""
    one, other = ipc.socketpair()
    return Stream(one), Stream(other)


async def start(command: Command, **options: Unpack[Options]) -> Child:
    """Starts a command without any pipe and without waiting: see perlipc.start."""
    return Child(ipc.start(command, **options))


async def _ending(child: Child, options: Any, work: Awaitable[_T], timeout: float | None) -> _T | None:
    """Does the work within the time; None, and the child is ended, when that is over. Whoever gives up ends it too."""
    done = False
    try:
        async with asyncio.timeout(timeout) as limit:
            result = await work
            done = True
            return result
    except TimeoutError:
        if not limit.expired():
            raise
    finally:
        if not done:
            await child.end(_grace(options))
    return None


@overload
async def capture(
    command: Command,
    input: bytes | None = None,
    *,
    timeout: float | None = None,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> Result[bytes]: ...
@overload
async def capture(
    command: Command,
    input: str | None = None,
    *,
    timeout: float | None = None,
    text: Literal[True],
    **options: Unpack[Options],
) -> Result[str]: ...
async def capture(
    command: Command, input: Any = None, *, timeout: float | None = None, text: bool = False, **options: Any
) -> Result[Any]:
    """Runs a command with its input fed and both outputs drained at once: see perlipc.capture.

    When timeout seconds are over, or the task is cancelled, the command and all that descend from it are ended (TERM, grace
    seconds, KILL); at the timeout the Result has what came until then, with timed_out True.
    """
    if input is None:
        options.setdefault("stdin", "inherit")
    elif text:
        input = input.encode("utf-8", "surrogateescape")
    async with await open3(command, **options) as kid:
        result = await _ending(kid.child, options, kid.communicate(input), timeout)
        if result is None:
            status, fed = await kid.child.wait(), 0
            stdout, stderr = _heard(kid.reader), _heard(kid.error)
        else:
            status, fed, stdout, stderr = result.status, result.fed, result.stdout, result.stderr
        if text:
            return _perlipc.result(status, _decoded(stdout), _decoded(stderr), timed_out=result is None, fed=fed)
        return _perlipc.result(status, stdout, stderr, timed_out=result is None, fed=fed)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _heard(stream: Stream[bytes] | None) -> Any:
    """What has come until now."""
    if stream is None or stream.closed:
        return b""
    try:
        while stream.sync._fill():
            pass
    except TimeoutError:
        pass
    size = stream.sync._buffered()
    return stream.sync.read(size) if size else b""


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
    child = await start(command, **options)
    status = await _ending(child, options, child.wait(), timeout)
    if status is None:
        raise CommandTimeout(command, await child.wait())
    return status


# ---- sockets ----


async def _addresses(host: str | None, service: str | int, kind: socket.SocketKind, family: int) -> list[Any]:
    service = str(service)
    try:
        found = socket.getaddrinfo(host, service, family, kind, 0, socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await asyncio.get_running_loop().getaddrinfo(host, service, family=family, type=kind)
    # The families by turns, the first one first.
    first = [one for one in found if one[0] == found[0][0]]
    other = [one for one in found if one[0] != found[0][0]]
    return [one for at in range(len(found)) for one in (first[at : at + 1] + other[at : at + 1])]


def _family(options: dict[str, Any]) -> int:
    v4, v6 = options.pop("v4only", False), options.pop("v6only", False)
    return socket.AF_INET if v4 else socket.AF_INET6 if v6 else socket.AF_UNSPEC


async def _connect(family: int, to: Any, local: str | None = None) -> ipc.Stream[bytes]:
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        if local is not None:
            host, _, port = local.rpartition(":")
            sock.bind((host.strip("[]"), int(port)))
        # Not by the loop's own: uvloop's starts threads for it that stay, and would take the process's signals.
        while (code := sock.connect_ex(to)) == errno.EAGAIN:
            # A Unix socket whose queue is full; the kernel does not tell when it has room.
            await asyncio.sleep(0.005)
        if code in (errno.EINPROGRESS, errno.EINTR):
            await _ready((sock.fileno(), True))
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, f"connect: {os.strerror(code)}")
        return ipc.adopt(sock.detach())


async def tcp_connect(host: str | None, service: str | int, **options: int | str) -> Stream[bytes]:
    """Connects to a host and a service, each by name or number: see perlipc.tcp_connect. All its addresses are tried, each
    some time after the one before if that has not answered yet; the first that answers wins.
    """
    family = _family(options)
    local = options.pop("from_", None)
    last: OSError | None = None
    running: set[asyncio.Task[ipc.Stream[bytes]]] = set()
    addresses = await _addresses(host, service, socket.SOCK_STREAM, family)
    try:
        while addresses or running:
            if addresses:
                kind, _, _, _, to = addresses.pop(0)
                running.add(asyncio.ensure_future(_connect(kind, to, None if local is None else str(local))))
            done, running = await asyncio.wait(
                running, timeout=_NEXT_ADDRESS if addresses else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    stream = task.result()
                    for name, value in {"nodelay": 1, **options}.items():
                        stream.set_option(name, int(value))
                    return Stream(stream)
                if not isinstance(error, OSError):
                    raise error
                last = error
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_late)
    raise last or OSError(f"connect {host}: no address")


def _close_late(task: asyncio.Task[ipc.Stream[bytes]]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def unix_connect(path: Arg, **options: int | str) -> Stream[bytes]:
    """Connects to a Unix socket, a path or "@name": see perlipc.unix_connect."""
    name = os.fsencode(path)
    stream = await _connect(socket.AF_UNIX, b"\0" + name[1:] if name.startswith(b"@") else name)
    for option, value in options.items():
        stream.set_option(option, int(value))
    return Stream(stream)


class _Socket(Generic[_Held]):
    """What listeners and sockets for messages share: an address, a descriptor, an end. A context manager closes it."""

    sync: _Held

    def __init__(self, held: _Held) -> None:
        self.sync = held
        self._fd = held.fileno()

    @property
    def address(self) -> str:
        """Where it is, with the port that the kernel chose: "127.0.0.1:2345", "/path", "@name"."""
        return self.sync.address

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self.sync.closed

    def fileno(self) -> int:
        """The descriptor; it stays this object's."""
        return self.sync.fileno()

    def close(self) -> None:
        """Closes it; a call that waits ends with ValueError."""
        if not self.sync.closed:
            _forget(self._fd)
            self.sync.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Listener(_Socket[ipc.Listener]):
    """A socket that others connect to: perlipc.Listener, awaited. sync is the one underneath.

    `async for` gives one Stream for each connection; a context manager closes it.
    """

    sync: ipc.Listener

    @property
    def port(self) -> int | None:
        """Its port; None for a Unix socket."""
        return self.sync.port

    async def accept(self) -> Stream[bytes]:
        """The next connection."""
        return Stream(await _until(lambda: self.sync.accept(timeout=0.0), (self._fd, False)))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Stream[bytes]:
        return await self.accept()


async def tcp_listen(host: str | None, service: str | int, **options: int | str) -> Listener:
    """Listens on a local address and a service: see perlipc.tcp_listen."""
    if host is not None:
        host = (await _addresses(host, service, socket.SOCK_STREAM, 0))[0][4][0]
    return Listener(ipc.tcp_listen(host, service, **options))


async def unix_listen(path: Arg, **options: int | str) -> Listener:
    """Listens at a path, or at "@name": see perlipc.unix_listen."""
    return Listener(ipc.unix_listen(os.fsdecode(path), **options))


class Dgram(_Socket[ipc.Dgram]):
    """A socket for messages: perlipc.Dgram, awaited. sync is the one underneath."""

    sync: ipc.Dgram

    async def send(self, data: bytes, to: str | None = None) -> None:
        """Sends one message: to an address, or to the connected peer."""
        await _until(lambda: self.sync.send(data, to, timeout=0.0), (self._fd, True))

    async def recv(self, size: int = 65536) -> tuple[bytes, str]:
        """The next message and who sent it; one that is longer than size is OSError (EMSGSIZE)."""
        return await _until(lambda: self.sync.recv(size, timeout=0.0), (self._fd, False))

    def connect(self, to: str) -> None:
        """Connects: messages go there unless said otherwise, and only its own are received."""
        self.sync.connect(to)


async def udp(host: str | None = None, service: str | int = 0, **options: int | str) -> Dgram:
    """A UDP socket at a local address and service: see perlipc.udp."""
    if host is not None:
        host = (await _addresses(host, service, socket.SOCK_DGRAM, 0))[0][4][0]
    return Dgram(ipc.udp(host, service, **options))


async def unix_dgram(path: Arg | None = None, **options: int | str) -> Dgram:
    """A Unix datagram socket: see perlipc.unix_dgram."""
    return Dgram(ipc.unix_dgram(None if path is None else os.fsdecode(path), **options))
