"""What sockets share: names and addresses, and an end."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Generic, Self, TypeVar

import perlipc as ipc

from .block import forget

_Held = TypeVar("_Held", ipc.Listener, ipc.Dgram)


async def addresses(host: str | None, service: str | int, kind: socket.SocketKind, family: int) -> list[Any]:
    service = str(service)
    try:
        found = socket.getaddrinfo(host, service, family, kind, 0, socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await asyncio.get_running_loop().getaddrinfo(host, service, family=family, type=kind)
    # The families by turns, the first one first.
    first = [one for one in found if one[0] == found[0][0]]
    other = [one for one in found if one[0] != found[0][0]]
    return [one for at in range(len(found)) for one in (first[at : at + 1] + other[at : at + 1])]


def family_of(options: dict[str, Any]) -> int:
    v4, v6 = options.pop("v4only", False), options.pop("v6only", False)
    if v4 and v6:
        raise ValueError("v4only and v6only leave nothing")
    return socket.AF_INET if v4 else socket.AF_INET6 if v6 else socket.AF_UNSPEC


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
            forget(self._fd)
            self.sync.close()

    def __repr__(self) -> str:
        return repr(self.sync).replace("perlipc.", "perlipc.aio.", 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Closing does not wait; who writes `async with`, as for a stream, has the same.
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()
