"""Messages, awaited."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import perlipc as ipc

from ..cmd import Arg
from .block import Way, until
from .socket import _Socket, bound

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Dgram(_Socket[ipc.Dgram]):
    """A socket for messages: perlipc.Dgram, awaited. sync is the one underneath."""

    sync: ipc.Dgram

    def _room(self, named: bool) -> list[Way]:
        # Of a Unix socket the kernel tells whether there is room at its peer, and never at others that are named.
        blind = named and self.sync.option("domain") == socket.AF_UNIX
        return [] if blind else [(self._fd, True)]

    async def send(self, data: bytes, to: str | None = None) -> None:
        """Sends one message: to an address, or to the connected peer."""
        await until(lambda: self.sync.send(data, to, timeout=0.0), *self._room(to is not None))

    async def recv(self, size: int = 65536) -> tuple[bytes, str]:
        """The next message and who sent it; one that is longer than size is OSError (EMSGSIZE)."""
        return await until(lambda: self.sync.recv(size, timeout=0.0), (self._fd, False))

    async def peek(self, size: int = 65536) -> tuple[bytes, str]:
        """The same, and the message stays: the next call gets it again."""
        return await until(lambda: self.sync.peek(size, timeout=0.0), (self._fd, False))

    async def send_batch(self, messages: Iterable[Buffer] | Iterable[tuple[Buffer, str]]) -> int:
        """Sends many messages: see perlipc.Dgram.send_batch. Less than all may have gone out, also when there is no room."""
        held: Any = list(messages)
        return await until(lambda: self.sync.send_batch(held, timeout=0.0), *self._room(isinstance(next(iter(held), None), tuple)))

    async def recv_batch(self, most: int = 64, size: int = 65536) -> list[tuple[bytes, str]]:
        """What is there, or what comes next, up to most messages: see perlipc.Dgram.recv_batch."""
        return await until(lambda: self.sync.recv_batch(most, size, timeout=0.0), (self._fd, False))

    def connect(self, to: str) -> None:
        """Connects: messages go there unless said otherwise, and only its own are received."""
        self.sync.connect(to)


async def udp(host: str | None = None, service: str | int = 0, **options: int | str) -> Dgram:
    """A UDP socket at a local address and service: see perlipc.udp."""
    return Dgram(await bound(ipc.udp, "bind", host, service, options))


async def unix_dgram(path: Arg | None = None, **options: int | str) -> Dgram:
    """A Unix datagram socket: see perlipc.unix_dgram."""
    return Dgram(ipc.unix_dgram(path, **options))


def dgram_pair() -> tuple[Dgram, Dgram]:
    """Two connected sockets for messages: see perlipc.dgram_pair."""
    one, other = ipc.dgram_pair()
    return Dgram(one), Dgram(other)
