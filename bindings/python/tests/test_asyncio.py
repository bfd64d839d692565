"""The descriptors of streams, children, signals and listeners in asyncio's loop, without threads."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

import perlipc as ipc

ipc.SIG.fileno()  # made once for the process, and kept


async def readable(fd: int) -> None:
    """Comes back when the descriptor can be read."""
    loop = asyncio.get_running_loop()
    came = loop.create_future()
    loop.add_reader(fd, lambda: None if came.done() else came.set_result(None))
    try:
        await came
    finally:
        loop.remove_reader(fd)


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(main(), 20)

    asyncio.run(limited())


@pytest.fixture
def usr2() -> Iterator[list[str]]:
    came: list[str] = []
    with ipc.local(ipc.SIG, USR2=came.append):
        yield came


def test_streams_and_children_together() -> None:
    async def talk(word: str) -> tuple[str, int | None]:
        reader, writer, _pid = ipc.open2(["sh", "-c", f"read x; sleep 0.02; echo $x; exit {len(word)}"])
        writer.write(f"{word}\n".encode())
        writer.close()
        said = b""
        while True:
            await readable(reader.fileno())
            piece = os.read(reader.fileno(), 100)
            if not piece:
                break
            said += piece
        child: Any = reader.child
        await readable(child.fileno())
        assert child.poll() is not None
        return said.decode().strip(), reader.close().code

    async def main() -> None:
        words = [str(n) * n for n in range(1, 9)]
        answers = await asyncio.gather(*(talk(word) for word in words))
        assert answers == [(word, len(word)) for word in words]

    run(main)


def test_the_end_of_a_child_as_a_pipe() -> None:
    async def main() -> None:
        child = ipc.start(["sh", "-c", "sleep 0.02; exit 3"])
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(child.exit_fd(), "rb", buffering=0)
        )
        assert await reader.read() == b""
        assert child.poll() is not None and child.wait().code == 3
        transport.close()

    run(main)


def test_signals(usr2: list[str]) -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGUSR2)
        while not usr2:
            await readable(ipc.SIG.fileno())
            ipc.SIG.dispatch()
        assert usr2 == ["USR2"]

    run(main)


def test_children_of_asyncio_are_its_own() -> None:
    async def main() -> None:
        theirs = await asyncio.create_subprocess_exec("sh", "-c", "exit 5")
        ours = ipc.start(["sh", "-c", "exit 3"])
        assert ipc.wait()[0] == ours.pid
        assert await theirs.wait() == 5
        assert ours.wait().code == 3

    run(main)


def test_a_listener() -> None:
    async def main() -> None:
        listener = ipc.tcp_listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await readable(listener.fileno())
        with listener.accept(timeout=0) as client:
            writer.write(b"question\n")
            await readable(client.fileno())
            assert client.readline() == b"question\n"
            client.write(b"answer\n")
        assert await reader.read() == b"answer\n"
        writer.close()
        await writer.wait_closed()

    run(main)
