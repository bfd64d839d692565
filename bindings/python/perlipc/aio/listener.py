"""Connections, and what waits for them."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any, Self

import perlipc as ipc

from ..cmd import Arg
from .block import ready, until
from .socket import Address, _Socket, addresses, bound, failed, number
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


async def _connect(to: Address, local: str | None, options: Mapping[str, int | str]) -> ipc.Stream[bytes]:
    with socket.socket(socket.AF_INET if to.version == 4 else socket.AF_INET6, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        with ipc.adopt(os.dup(sock.fileno())) as same:
            for name, value in options.items():
                same.set_option(name, number(name, value))
        fixed = False
        if local is not None:
            place = _local(local)
            fixed = place.port != 0
            if fixed:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if place.version != to.version:
                raise failed("connect", to.text, errno.EADDRNOTAVAIL)
            try:
                sock.bind(place.named())
            except OSError as error:
                raise failed("bind", local, error.errno or errno.EADDRNOTAVAIL) from None
        # Not by the loop's own: uvloop's starts threads for it that stay, and would take the process's signals.
        code = sock.connect_ex(to.named())
        if code in (errno.EINPROGRESS, errno.EINTR):
            await ready((sock.fileno(), True))
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not code and not fixed and _with_itself(sock):
            # The port is free again at once, for who is to listen there.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            code = errno.ECONNREFUSED
        if code:
            raise failed("connect", to.text, code)
        return ipc.adopt(sock.detach())


def _local(text: str) -> Address:
    """An address of this machine with a port or without."""
    try:
        try:
            ip, port = ipaddress.ip_address(text), 0
        except ValueError:
            host, _, number = text.rpartition(":")
            ip, port = ipaddress.ip_address(host.strip("[]")), int(number)
        if not 0 <= port <= 65535:
            raise ValueError
        place = Address(text, ip.version, str(ip), port)
        place.named()
    except ValueError:
        raise ValueError(f"connect: from={text}: no address of this machine") from None
    return place


def _with_itself(sock: socket.socket) -> bool:
    """The kernel joins a socket so when the port that it chose for it is the one that it connects to: nobody listens there."""
    try:
        return bool(sock.getsockname() == sock.getpeername())
    except OSError:
        # Gone already.
        return False


async def tcp_connect(host: str | None, service: str | int, **options: int | str) -> Stream[bytes]:
    """Connects to a host and a service, each by name or number: see perlipc.tcp_connect. All its addresses are tried, each
    some time after the one before if that has not answered yet; the first that answers wins.
    """
    places = await addresses("connect", host, service, options)
    local = options.pop("from_", None)
    settings = {"nodelay": 1, **{name: value for name, value in options.items() if name not in ("v4only", "v6only")}}
    first: OSError | None = None
    running: set[asyncio.Task[ipc.Stream[bytes]]] = set()
    try:
        while places or running:
            if places:
                attempt = _connect(places.pop(0), None if local is None else str(local), settings)
                running.add(asyncio.ensure_future(attempt))
            done, running = await asyncio.wait(
                running, timeout=_NEXT_ADDRESS if places else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    return Stream(task.result())
                if not isinstance(error, OSError):
                    raise error
                first = first or error
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_late)
    assert first is not None
    raise first


def _close_late(task: asyncio.Task[ipc.Stream[bytes]]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def unix_connect(path: Arg, **options: int | str) -> Stream[bytes]:
    """Connects to a Unix socket, a path or "@name": see perlipc.unix_connect."""
    # The kernel does not tell when a queue that is full has room.
    return Stream(await until(lambda: ipc.unix_connect(path, timeout=0.0, **options)))


async def tcp_listen(host: str | None, service: str | int, **options: int | str) -> Listener:
    """Listens on a local address and a service: see perlipc.tcp_listen."""
    return Listener(await bound(ipc.tcp_listen, "listen", host, service, options))


async def unix_listen(path: Arg, **options: int | str) -> Listener:
    """Listens at a path, or at "@name": see perlipc.unix_listen."""
    return Listener(ipc.unix_listen(path, **options))


def socketpair() -> tuple[Stream[bytes], Stream[bytes]]:
    """Two connected streams: Perl's socketpair."""
    one, other = ipc.socketpair()
    return Stream(one), Stream(other)
