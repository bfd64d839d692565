"""What sockets share: names and addresses, and an end."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, NamedTuple, Self, TypeVar

import perlipc as ipc

from .block import forget

_Held = TypeVar("_Held", ipc.Listener, ipc.Dgram)

_NUMBER = re.compile("[+-]?[0-9]{1,20}")


class Address(NamedTuple):
    """One that a name stands for."""

    text: str
    version: int
    host: str
    port: int

    def named(self) -> Any:
        """As the socket module has it."""
        host, _, scope = self.host.partition("%")
        return (host, self.port) if self.version == 4 else (host, self.port, 0, int(scope or 0))


async def addresses(step: str, host: str | None, service: str | int, options: Mapping[str, Any]) -> list[Address]:
    """The addresses to try, in this order."""
    v4, v6 = _said("v4only", options), _said("v6only", options)
    if v4 and v6:
        raise ValueError("v4only and v6only leave nothing")
    find = partial(ipc.resolve, host, service)
    found = [_address(text) for text in (find() if _numeric(host) else await _aside(find))]
    found = [one for one in found if not (v4 if one.version == 6 else v6)]
    # The families by turns, the first one first.
    first = [one for one in found if one.version == found[0].version]
    other = [one for one in found if one.version != found[0].version]
    turns = [one for at in range(len(found)) for one in (first[at : at + 1] + other[at : at + 1])]
    if not turns:
        raise failed(step, host or "localhost", errno.EADDRNOTAVAIL)
    return turns


async def bound(
    bind: Callable[..., _Held], step: str, host: str | None, service: str | int, options: Mapping[str, int | str]
) -> _Held:
    """At the first of a host's addresses that can be had; else the first one's error."""
    if host is None:
        return bind(None, service, **options)
    first: OSError | None = None
    for address in await addresses(step, host, service, options):
        try:
            return bind(address.host, service, **options)
        except OSError as error:
            first = first or error
    assert first is not None
    raise first


def number(name: str, value: int | str) -> int:
    """The value of an option, which the core reads as text."""
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if not _NUMBER.fullmatch(text) or not -1 << 31 <= int(text) < 1 << 31:
        raise ValueError(f"option: {name}={value}: not a number")
    return int(text)


def _said(name: str, options: Mapping[str, Any]) -> bool:
    value = number(name, options.get(name, 0))
    if value not in (0, 1):
        raise ValueError(f"option: {name} is 1 or 0, not {value}")
    return value == 1


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(text, 6 if host.startswith("[") else 4, host.strip("[]"), int(port))


def _numeric(host: str | None) -> bool:
    try:
        return host is None or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


async def _aside(find: Callable[[], list[str]]) -> list[str]:
    """In a thread, which a lookup that nobody waits for any more is left to."""
    return await asyncio.get_running_loop().run_in_executor(None, find)


def failed(step: str, thing: str, code: int) -> OSError:
    """The error of a step that was done here."""
    error = OSError(code, f"{step} {thing}: {os.strerror(code)}")
    setattr(error, "step", step)
    return error


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
