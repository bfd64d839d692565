from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

import perlipc as ipc
from conftest import Runner
from perlipc import aio

Told = list[tuple[str, bool, str | None]]


def teller(told: Told) -> Callable[[str, int | None, ipc.Status | None, str], None]:
    def log(event: str, pid: int | None, status: ipc.Status | None, text: str) -> None:
        told.append((event, pid is not None, None if status is None else str(status)))

    return log


async def upper(client: aio.Stream[bytes]) -> None:
    async for line in client:
        await client.write(line.upper())


async def talk(port: int | None) -> bytes:
    async with await aio.tcp_connect("127.0.0.1", port or 0) as stream:
        await stream.write(b"hello\n")
        await stream.shutdown()
        return await stream.read()


async def until(what: Callable[[], object]) -> None:
    while not what():
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("stop", ["cancel", "close", "signal"])
def test_serves_until_it_is_stopped(run: Runner, stop: str) -> None:
    async def main() -> None:
        told: Told = []
        before = signal.getsignal(signal.SIGTERM)
        listener = await aio.tcp_listen("127.0.0.1", 0)
        port = listener.port
        signal_name = "TERM" if stop == "signal" else None
        serving = asyncio.ensure_future(aio.serve(listener, upper, drain=(signal_name, 5.0), log=teller(told)))
        assert await asyncio.gather(*(talk(port) for _ in range(20))) == [b"HELLO\n"] * 20
        # One that is served still.
        async with await aio.tcp_connect("127.0.0.1", port or 0) as last:
            await last.write(b"last\n")
            assert await last.readline() == b"LAST\n"
            match stop:
                case "cancel":
                    serving.cancel()
                case "close":
                    listener.close()
                case _:
                    os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: ("stop", False, None) in told)
            await last.write(b"and more\n")
            assert await last.readline() == b"AND MORE\n"
            assert not serving.done()
        if stop == "cancel":
            with pytest.raises(asyncio.CancelledError) as caught:
                await serving
            report = getattr(caught.value, "report")
        else:
            report = await serving
        assert (report.accepted, report.ok, report.cut, report.drained) == (21, 21, 0, True), report
        assert listener.closed and signal.getsignal(signal.SIGTERM) == before
        assert told[0] == ("ready", False, None) and told[-1] == ("end", False, "exited with 0")
        assert len(told) == 2 + 2 * 21
        with pytest.raises(ConnectionRefusedError):
            await talk(port)

    run(main())


def test_who_waits_is_served_before_the_end(run: Runner) -> None:
    """The kernel has accepted them: closing alone would turn them away."""

    async def main() -> None:
        told: Told = []
        listener = await aio.tcp_listen("127.0.0.1", 0)
        port = listener.port
        serving = asyncio.ensure_future(aio.serve(listener, upper, limit=1, log=teller(told)))
        async with await aio.tcp_connect("127.0.0.1", port or 0) as first:
            await first.write(b"first\n")
            assert await first.readline() == b"FIRST\n"
            others = [asyncio.ensure_future(talk(port)) for _ in range(3)]
            await asyncio.sleep(0.05)
            assert not any(other.done() for other in others), "one at a time"
            serving.cancel()
            await until(lambda: ("stop", False, None) in told)
        assert await asyncio.gather(*others) == [b"HELLO\n"] * 3
        with pytest.raises(asyncio.CancelledError):
            await serving

    run(main())


def test_the_drain_has_an_end(run: Runner) -> None:
    async def main() -> None:
        ended: list[str] = []

        async def waits(client: aio.Stream[bytes]) -> None:
            try:
                await client.readline()
                await asyncio.sleep(1000)
            finally:
                ended.append("waits")

        listener = await aio.tcp_listen("127.0.0.1", 0)
        serving = asyncio.ensure_future(aio.serve(listener, waits, drain=("USR1", 0.05)))
        async with await aio.tcp_connect("127.0.0.1", listener.port) as client:
            await client.write(b"x\n")
            await until(lambda: ipc.SIG["USR1"] != "DEFAULT")
            os.kill(os.getpid(), signal.SIGUSR1)
            report = await serving
            assert (report.accepted, report.killed, report.cut, report.drained) == (1, 1, 1, False), report
            assert ended == ["waits"] and await client.read() == b""
        # Cancelled twice, nothing is waited for.
        listener = await aio.tcp_listen("127.0.0.1", 0)
        told: Told = []
        serving = asyncio.ensure_future(aio.serve(listener, waits, drain=(None, float("inf")), log=teller(told)))
        async with await aio.tcp_connect("127.0.0.1", listener.port) as client:
            await until(lambda: len(told) == 2)
            serving.cancel()
            await until(lambda: len(told) == 3)
            serving.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await serving
            report = getattr(caught.value, "report")
            assert (report.accepted, report.killed, report.cut, report.drained) == (1, 1, 1, False), report
            assert told[-1] == ("end", False, None) and ended == ["waits"] * 2

    run(main())


def test_a_connection_has_an_end(run: Runner) -> None:
    async def main() -> None:
        async def sleeps(client: aio.Stream[bytes]) -> None:
            await asyncio.sleep(1000)

        for handler in (sleeps, "sleep 1000 & wait"):
            told: Told = []
            with await aio.unix_listen(f"@perlipc-aio-each-{os.getpid()}") as listener:
                serving = asyncio.ensure_future(aio.serve(listener, handler, each=0.05, log=teller(told)))
                async with await aio.unix_connect(listener.address) as client:
                    assert await client.read() == b""
                await until(lambda: told[-1][0] == "end")
                listener.close()
                report = await serving
                assert (report.accepted, report.killed, report.cut, report.drained) == (1, 1, 1, True), report
                assert told[2] == (("end", False, None) if handler is sleeps else ("end", True, "killed by KILL"))

    run(main())


def test_commands(run: Runner) -> None:
    async def main() -> None:
        told: Told = []
        listener = await aio.tcp_listen("127.0.0.1", 0)
        serving = asyncio.ensure_future(aio.serve(listener, "read l; echo served $l; exit 3", log=teller(told)))
        assert await asyncio.gather(*(talk(listener.port) for _ in range(3))) == [b"served hello\n"] * 3
        await until(lambda: len(told) == 7)
        listener.close()
        report = await serving
        assert (report.accepted, report.failed, report.drained) == (3, 3, True)
        assert sorted(told[1:-1]) == [("end", True, "exited with 3")] * 3 + [("start", True, None)] * 3

    run(main())


def test_what_a_handler_raises_ends_its_client_alone(run: Runner) -> None:
    async def main() -> None:
        said: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context))

        async def handler(client: aio.Stream[bytes]) -> int:
            match await client.readline():
                case b"raise\n":
                    raise LookupError("as asked")
                case b"time\n":
                    raise TimeoutError("not the limit of each")
                case b"256\n":
                    return 256
                case b"-256\n":
                    return -256
                case b"cancel\n":
                    raise asyncio.CancelledError
                case _:
                    return 7

        def log(event: str, pid: int | None, status: ipc.Status | None, text: str) -> None:
            if event == "ready":
                raise ValueError("of the log alone")

        listener = await aio.tcp_listen("127.0.0.1", 0)
        serving = asyncio.ensure_future(aio.serve(listener, handler, each=10, log=log))
        for word in (b"raise\n", b"time\n", b"cancel\n", b"256\n", b"-256\n", b"7\n"):
            async with await aio.tcp_connect("127.0.0.1", listener.port) as client:
                await client.write(word)
                assert await client.read() == b""
        listener.close()
        report = await serving
        assert (report.accepted, report.failed, report.cut) == (6, 6, 0), report
        assert [repr(context["exception"]) for context in said] == [
            "ValueError('of the log alone')",
            "LookupError('as asked')",
            "TimeoutError('not the limit of each')",
        ]

    run(main())


def test_no_descriptor_is_left(run: Runner) -> None:
    """What passes is waited out, and told."""

    async def main() -> None:
        told: Told = []
        listener = await aio.tcp_listen("127.0.0.1", 0)
        serving = asyncio.ensure_future(aio.serve(listener, upper, log=teller(told)))
        await until(lambda: told)
        client = socket.create_connection(("127.0.0.1", listener.port))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
        try:
            await until(lambda: ("error", False, None) in told)
            await asyncio.sleep(0.1)
            assert len(told) < 6, "not at full speed"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        client.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(client, b"late\n")
        assert await asyncio.get_running_loop().sock_recv(client, 100) == b"LATE\n"
        client.close()
        listener.close()
        assert (await serving).ok == 1

    run(main())


def test_words_that_mean_nothing(run: Runner) -> None:
    async def main() -> None:
        with await aio.tcp_listen("127.0.0.1", 0) as listener:
            for options, error in [
                ({"limit": 0}, ValueError),
                ({"each": -1.0}, ValueError),
                ({"each": float("nan")}, ValueError),
                ({"drain": (None, -1.0)}, ValueError),
                ({"drain": ("NONE", 1.0)}, ValueError),
                ({"log": 3}, TypeError),
            ]:
                with pytest.raises(error):
                    await aio.serve(listener, upper, **options)  # type: ignore[arg-type]
            for handler in (None, b"cat", 5):
                with pytest.raises(TypeError):
                    await aio.serve(listener, handler)  # type: ignore[arg-type]
            assert not listener.closed

    run(main())


def test_beside_the_main_thread() -> None:
    """Without a signal a server is any loop's."""
    answers: list[Any] = []

    async def main() -> None:
        listener = await aio.tcp_listen("127.0.0.1", 0)
        serving = asyncio.ensure_future(aio.serve(listener, upper))
        answers.append(await talk(listener.port))
        listener.close()
        answers.append((await serving).ok)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    assert answers == [b"HELLO\n", 1]
