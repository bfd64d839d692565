"""Connections, and what waits for them."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import struct
from typing import Any, Self

import perlipc as ipc

from ..cmd import Arg
from .block import ready, until
from .socket import _Socket, addresses, family_of
from .stream import Stream

# How long one address may take before the next one is tried beside it.
_NEXT_ADDRESS = 0.25


class Listener(_Socket[ipc.Listener]):
    """A socket that others connect to: perlipc.Listener, awaited. sync is the one underneath.

    `async for` gives one Stream for each connection; a context manager closes it.
    """

    sync: ipc.Listener

    @property
    def port(self) -> int | Any:
        """Its port; None for a Unix socket."""
        return self.sync.port

    async def accept(self) -> Stream[bytes]:
        """The next connection."""
        return Stream(await until(lambda: self.sync.accept(timeout=0.0), (self._fd, False)))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Stream[bytes]:
        return await self.accept()


async def _connect(family: int, to: Any, local: str | None = None) -> ipc.Stream[bytes]:
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        fixed = False
        if local is not None:
            host, port = _local(local)
            fixed = port != 0
            sock.bind((host, port))
        # Not by the loop's own: uvloop's starts threads for it that stay, and would take the process's signals.
        while (code := sock.connect_ex(to)) == errno.EAGAIN:
            # A Unix socket whose queue is full; the kernel does not tell when it has room.
            await asyncio.sleep(0.005)
        if code in (errno.EINPROGRESS, errno.EINTR):
            await ready((sock.fileno(), True))
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not code and not fixed and _with_itself(sock):
            # The port is free again at once, for who is to listen there.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            code = errno.ECONNREFUSED
        if code:
            raise OSError(code, f"connect: {os.strerror(code)}")
        return ipc.adopt(sock.detach())


def _local(text: str) -> tuple[str, int]:
    """An address of this machine with a port or without."""
    try:
        return str(ipaddress.ip_address(text)), 0
    except ValueError:
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)


def _with_itself(sock: socket.socket) -> bool:
    """The kernel joins a socket so when the port that it chose for it is the one that it connects to: nobody listens there."""
    try:
        return sock.family != socket.AF_UNIX and sock.getsockname() == sock.getpeername()
    except OSError:
        # Gone already.
        return False


async def tcp_connect(host: str | None, service: str | int, **options: int | str) -> Stream[bytes]:
    """Connects to a host and a service, each by name or number: see perlipc.tcp_connect. All its addresses are tried, each
    some time after the one before if that has not answered yet; the first that answers wins.
    """
    family = family_of(options)
    local = options.pop("from_", None)
    last: OSError | None = None
    running: set[asyncio.Task[ipc.Stream[bytes]]] = set()
    places = await addresses(host, service, socket.SOCK_STREAM, family)
    try:
        while places or running:
            if places:
                kind, _, _, _, to = places.pop(0)
                running.add(asyncio.ensure_future(_connect(kind, to, None if local is None else str(local))))
            done, running = await asyncio.wait(
                running, timeout=_NEXT_ADDRESS if places else None, return_when=asyncio.FIRST_COMPLETED
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


async def tcp_listen(host: str | None, service: str | int, **options: int | str) -> Listener:
    """Listens on a local address and a service: see perlipc.tcp_listen."""
    if host is not None:
        host = (await addresses(host, service, socket.SOCK_STREAM, 0))[0][4][0]
    return Listener(ipc.tcp_listen(host, service, **options))


async def unix_listen(path: Arg, **options: int | str) -> Listener:
    """Listens at a path, or at "@name": see perlipc.unix_listen."""
    return Listener(ipc.unix_listen(path, **options))


def socketpair() -> tuple[Stream[bytes], Stream[bytes]]:
    """Two connected streams: Perl's socketpair."""
    one, other = ipc.socketpair()
    return Stream(one), Stream(other)
