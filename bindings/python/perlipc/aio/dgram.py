"""Messages, awaited."""

from __future__ import annotations

import os
import socket

import perlipc as ipc

from ..cmd import Arg
from .block import until
from .socket import _Socket, addresses


class Dgram(_Socket[ipc.Dgram]):
    """A socket for messages: perlipc.Dgram, awaited. sync is the one underneath."""

    sync: ipc.Dgram

    async def send(self, data: bytes, to: str | None = None) -> None:
        """Sends one message: to an address, or to the connected peer."""
        await until(lambda: self.sync.send(data, to, timeout=0.0), (self._fd, True))

    async def recv(self, size: int = 65536) -> tuple[bytes, str]:
        """The next message and who sent it; one that is longer than size is OSError (EMSGSIZE)."""
        return await until(lambda: self.sync.recv(size, timeout=0.0), (self._fd, False))

    def connect(self, to: str) -> None:
        """Connects: messages go there unless said otherwise, and only its own are received."""
        self.sync.connect(to)


async def udp(host: str | None = None, service: str | int = 0, **options: int | str) -> Dgram:
    """A UDP socket at a local address and service: see perlipc.udp."""
    if host is not None:
        host = (await addresses(host, service, socket.SOCK_DGRAM, 0))[0][4][0]
    return Dgram(ipc.udp(host, service, **options))


async def unix_dgram(path: Arg | None = None, **options: int | str) -> Dgram:
    """A Unix datagram socket: see perlipc.unix_dgram."""
    return Dgram(ipc.unix_dgram(None if path is None else os.fsdecode(path), **options))
