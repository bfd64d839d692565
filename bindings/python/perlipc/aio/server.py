"""Servers: a coroutine, or a command, for each client."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import perlipc as ipc

from .. import _perlipc
from .._perlipc import ServerReport, Status, Tree
from ..cmd import Command, Signal
from ..signal import Disposition
from .block import by_limit, within
from .child import Child, start
from .listener import Listener
from .stream import Stream

Handler: TypeAlias = Callable[[Stream[bytes]], Awaitable[int | None]]
Log: TypeAlias = Callable[[str, int | None, Status | None, str], object]

# What has nothing to do with the client and passes when others end, and how long nothing new is begun then.
_PASSES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN}
_PAUSE = 0.05


async def serve(
    listener: Listener,
    handler: Handler | Command,
    *,
    limit: int = 64,
    drain: tuple[str | None, float] = (None, 5.0),
    each: float | None = None,
    log: Log | None = None,
) -> ServerReport:
    """Serves a listener until it is stopped, and tells what was done. Then what was accepted is finished, and those who wait
    to be accepted too, within drain's seconds, after which the tasks that are left are cancelled.

    The handler is called with a Stream in a task of its own for each client, which is closed behind it; what it returns is
    the exit code that counts, None is 0, and 255 what is none from 0 to 255. What it raises goes to the loop's exception
    handler. A command has the client as its standard input and output. limit clients are served at a time, more wait in the
    kernel's queue. The listener belongs to the server from then on.

    It is stopped by the cancellation of the task that it runs in, which goes on when all is finished (a second one waits
    for nothing); by drain's signal, if one is named and this is the main thread; or by somebody who closes the listener:
    that turns away who was not accepted yet. An exception that ends it, CancelledError too, has what was done as .report.

    each: how many seconds one connection may take; then its task is cancelled, or the command killed with all that it has
    started. log(event, pid, status, text) is told "ready"; "start" with the client's address; "end" with that too, and the
    Status, a coroutine's made of its exit code, None where it was cut; "error" with its text; "stop". pid is a command's.

    >>> import asyncio
    >>> from perlipc import aio
    >>> async def upper(client):
    ...     async for line in client:
    ...         await client.write(line.upper())
    >>> async def main():
    ...     listener = await aio.tcp_listen("127.0.0.1", 0)
    ...     serving = asyncio.ensure_future(aio.serve(listener, upper))
    ...     async with await aio.tcp_connect("127.0.0.1", listener.port) as client:
    ...         await client.write(b"hello\\n")
    ...         print(await client.readline())
    ...     listener.close()
    ...     return await serving
    >>> asyncio.run(main())
    b'HELLO\\n'
    ServerReport(accepted=1, ok=1, failed=0, killed=0, cut=0, unknown=0, drained=True)
    """
    if limit < 1:
        raise ValueError("serve: the limit is at least one client")
    if not callable(handler) and (isinstance(handler, bytes) or not isinstance(handler, Sequence)):
        raise TypeError("a client is served by a coroutine function or a command: a str, or a sequence of arguments")
    if log is not None and not callable(log):
        raise TypeError("serve: the log is a function of four arguments")
    signal, seconds = drain
    # Wrong words are told of before anything begins.
    within(seconds), within(each)
    if signal is not None:
        _perlipc.signal_number(signal)
    return await _Server(listener, handler, limit, each, log).run(signal, seconds)


class _Server:
    def __init__(
        self, listener: Listener, handler: Handler | Command, limit: int, each: float | None, log: Log | None
    ) -> None:
        self.listener = listener
        self.handler = handler
        self.limit = limit
        self.each = each
        self.log = log
        self.tasks: set[asyncio.Task[None]] = set()
        self.giving_up = False
        self.counts = dict.fromkeys(("accepted", "ok", "failed", "killed", "cut", "unknown"), 0)

    async def run(self, signal: str | None, seconds: float) -> ServerReport:
        drained = False
        try:
            with _told(signal) as stop, self.listener:
                self.tell("ready")
                accepting = asyncio.ensure_future(self.accept())
                try:
                    await asyncio.wait((accepting, stop), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    # Also when this task is cancelled.
                    drained = await self.drain(accepting, seconds)
                if not accepting.cancelled():
                    # What the listener has failed of.
                    accepting.result()
                return self.report(drained)
        except BaseException as error:
            setattr(error, "report", self.report(drained))
            raise

    def report(self, drained: bool) -> ServerReport:
        return _perlipc.report(**self.counts, drained=drained)

    async def accept(self, wait: bool = True) -> None:
        """Begins a task for each client, until the listener is closed, or nobody waits."""
        while not self.listener.closed:
            while len(self.tasks) >= self.limit:
                await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            try:
                client = await self.listener.accept() if wait else Stream(self.listener.sync.accept(timeout=0.0))
            except ValueError:
                # Closed meanwhile.
                continue
            except OSError as error:
                if not wait and isinstance(error, TimeoutError) and by_limit(error):
                    return
                if error.errno not in _PASSES:
                    raise
                self.tell("error", text=str(error))
                await asyncio.sleep(_PAUSE)
            else:
                self.counts["accepted"] += 1
                task = asyncio.ensure_future(self.serve(client))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def drain(self, accepting: asyncio.Task[None], seconds: float) -> bool:
        """Finishes what there is; whether all of it."""
        accepting.cancel()
        self.tell("stop")
        if not self.listener.closed:
            # However many come, it ends.
            self.listener.sync._hold(True)
        try:
            async with within(seconds) as over:
                await asyncio.wait((accepting,))
                await self.accept(wait=False)
                while self.tasks:
                    await asyncio.wait(self.tasks)
            return True
        except TimeoutError:
            if not over.expired():
                raise
            return False
        finally:
            if not self.listener.closed:
                self.listener.sync._hold(False)
            self.giving_up = True
            for task in self.tasks:
                task.cancel()
            while self.tasks:
                await asyncio.wait(self.tasks)

    async def serve(self, client: Stream[bytes]) -> None:
        """One client."""
        try:
            where = client.sync.peer
        except OSError:
            # Gone already.
            where = ""
        kid: Child | None = None
        status: Status | None = None
        cut = False
        try:
            async with within(self.each) as over, client:
                if callable(self.handler):
                    self.tell("start", text=where)
                    ended = _status(await self.handler(client))
                else:
                    kid = await start(self.handler, stdin=client, stdout=client)
                    self.tell("start", kid.pid, text=where)
                    await client.close()
                    ended = await kid.wait()
            status = ended
        except asyncio.CancelledError:
            cut = self.giving_up
        except Exception as error:
            cut = isinstance(error, TimeoutError) and over.expired()
            if not cut:
                _report("a client could not be served", error)
                self.tell("error", text=str(error))
        if kid is not None and status is None:
            kid._kill_tree("KILL", Tree())
            status = await kid.wait()
        if status is None and not cut:
            status = _FAILED
        self.counts["cut"] += cut
        self.counts[_outcome(status)] += 1
        self.tell("end", None if kid is None else kid.pid, status, where)

    def tell(self, event: str, pid: int | None = None, status: Status | None = None, text: str = "") -> None:
        if self.log is not None:
            try:
                self.log(event, pid, status, text)
            except Exception as error:
                # It ends nothing.
                _report("the log of a server has raised", error)


_FAILED = Status(1 << 8)


def _status(code: object) -> Status:
    if code is None:
        return Status(0)
    if not isinstance(code, int):
        return _FAILED
    return Status((code if 0 <= code <= 255 else 255) << 8)


def _outcome(status: Status | None) -> str:
    if status is None or status.signal is not None:
        return "killed"
    return "unknown" if not status.known else "ok" if status.ok else "failed"


def _report(message: str, error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})


@contextmanager
def _told(signal: str | None) -> Iterator[asyncio.Future[None]]:
    """A future that is done when the signal has come."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def come() -> None:
        if not told.done():
            told.set_result(None)

    # Not by the loop: what it had for the signal could not be put back.
    handlers: dict[Signal, Disposition] = {}
    if signal is not None:
        handlers[signal] = lambda _: loop.call_soon_threadsafe(come)
    with ipc.local(ipc.SIG, handlers):
        yield told
