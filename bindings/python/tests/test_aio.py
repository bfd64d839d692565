from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import gc
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import perlipc as ipc
from conftest import LIMITS, Runner
from perlipc import aio
from perlipc.aio.socket import Address
from test_interact import User


def test_lines_and_status(run: Runner) -> None:
    async def main() -> None:
        async with await aio.open("printf 'one\\ntwo\\nthr'; sleep 0.05; printf ee; exit 3 |", text=True) as stream:
            assert await stream.readline() == "one\n"
            assert [line async for line in stream] == ["two\n", "three"]
            assert await stream.readline() == "" and await stream.eof()
            assert stream.lineno == 3 and stream.child is not None
        assert stream.closed and stream.status is not None and stream.status.code == 3
        assert (await stream.close()) == stream.status, "closing twice does no harm"
        with pytest.raises(ValueError):
            await stream.readline()
        with pytest.raises(FileNotFoundError):
            await aio.open("-|", ["/no/such/program"])
        with pytest.raises(ipc.ChildError):
            await (await aio.open("false |", check=True)).close()

    run(main())


def test_reads_of_every_kind(run: Runner) -> None:
    async def main() -> None:
        reader, writer = aio.pipe()
        async with reader, writer:
            assert repr(reader) == f"<perlipc.aio.Stream fd={reader.fileno()}>"
            later = asyncio.ensure_future(reader.read(6))
            await asyncio.sleep(0)
            await writer.write(b"abc")
            await asyncio.sleep(0.01)
            assert not later.done()
            await writer.write(b"defghi\n")
            assert await later == b"abcdef"
            assert await reader.peek(2) == b"gh"
            assert await reader.read1(2) == b"gh"
            assert await reader.readline() == b"i\n"
            await writer.write(b"x;y;z")
            reader.separator = b";"
            assert await reader.readline() == b"x;"
            await writer.close()
            assert await reader.readlines() == [b"y;", b"z"]
            assert await reader.read(None) == b"" and await reader.read1(None) == b""
        hears, says = aio.pipe(text=True)
        async with hears, says:
            three = asyncio.ensure_future(hears.read(3))
            data = "äöü€"
            for byte in data.encode():
                os.write(says.fileno(), bytes([byte]))
                await asyncio.sleep(0.001)
            assert await three == "äöü"
            await says.shutdown()
            assert await hears.read() == "€"

    run(main())


def test_cancelled_reads_lose_nothing(run: Runner) -> None:
    async def main() -> None:
        reader, writer = aio.pipe()
        async with reader, writer:
            await writer.write(b"some of")
            for read in (lambda: reader.read(100), reader.read, reader.readline, reader.readlines):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.005):
                        await read()
            with pytest.raises(ipc.ExpectTimeout) as raised:
                await reader.expect(b"never", timeout=0.005)
            assert raised.value.before == b"some of"
            with pytest.raises(TimeoutError) as over:
                async with asyncio.timeout(0.005):
                    await reader.expect(b"never")
            assert not isinstance(over.value, ipc.ExpectTimeout), "the other limit"
            await writer.write(b" a line\n")
            assert await reader.readline() == b"some of a line\n"

    run(main())


def test_writes_beyond_the_pipe(run: Runner) -> None:
    async def main() -> None:
        reader, writer = aio.pipe()
        data = os.urandom(1 << 20)
        async with reader, writer:
            writing = asyncio.ensure_future(writer.write(data))
            await asyncio.sleep(0.01)
            assert not writing.done()
            begin = await reader.read(1000)
            # Given up in the middle: the rest is in the stream.
            writing.cancel()
            await asyncio.wait([writing])
            more = asyncio.ensure_future(writer.write(b"and more"))
            rest = asyncio.ensure_future(reader.read())
            assert await more == 8
            await writer.drain()
            await writer.close()
            assert begin + await rest == data + b"and more"
        reader, writer = aio.pipe()
        await reader.close()
        with pytest.raises(BrokenPipeError):
            await writer.write(b"x")
        await writer.close()

    run(main())


def test_much_is_not_slow(run: Runner) -> None:
    async def main() -> float:
        reader, writer = aio.pipe()
        begun = time.process_time()
        async with reader, writer:
            data = bytes(16 << 20)

            async def say() -> None:
                await writer.write(data)
                await writer.close()

            saying = asyncio.ensure_future(say())
            assert len(await reader.read()) == len(data)
            await saying
        return time.process_time() - begun

    # A copy of all that is left for each piece would take minutes.
    assert run(main()) < 5


def test_who_always_finds_something_lets_others_have_their_turn(run: Runner) -> None:
    async def main() -> None:
        async with await aio.open("-|", ["yes"]) as stream:
            reading = asyncio.ensure_future(stream.readlines())
            await asyncio.sleep(0.05)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            counting = asyncio.ensure_future(_count(stream))
            await asyncio.sleep(0.05)
            counting.cancel()
            assert stream.lineno > 1000
            assert stream.child is not None
            stream.child.kill()

    async def _count(stream: aio.Stream[bytes]) -> None:
        async for _ in stream:
            pass

    run(main())


def test_what_close_could_not_write_is_told(run: Runner) -> None:
    async def main() -> None:
        async def leave(kid: aio.Duplex[bytes]) -> None:
            async with kid:
                pass

        for close in (aio.Duplex[bytes].close, leave):
            kid = await aio.open3(["true"])
            await kid.child.wait()
            kid.writer.sync.autoflush = False
            await kid.writer.write(b"nobody reads it")
            with pytest.raises(BrokenPipeError):
                await close(kid)
            assert kid.writer.closed and kid.reader.closed and kid.error is not None and kid.error.closed
        # The failure of the flush before that of the child.
        stream = await aio.open("|-", ["false"], check=True)
        assert stream.child is not None
        await stream.child.wait()
        await stream.write(b"nobody reads it")
        with pytest.raises(BrokenPipeError):
            await stream.close()
        assert stream.closed

    run(main())


def test_children(run: Runner) -> None:
    async def main() -> None:
        child = await aio.start(["sleep", "60"])
        waiting = [asyncio.ensure_future(child.wait()) for _ in range(3)]
        await asyncio.sleep(0.005)
        assert child.poll() is None and not any(one.done() for one in waiting)
        waiting[0].cancel()
        child.kill("KILL")
        assert [(await one).signal for one in waiting[1:]] == ["KILL", "KILL"]
        assert child.status == await child.wait()
        # What does not go by itself.
        child = await aio.start("trap '' TERM; echo; while :; do sleep 60; done", stdout="null")
        while b"sh\0" not in open(f"/proc/{child.pid}/cmdline", "rb").read():
            await asyncio.sleep(0.001)
        assert (await child.end(0.05)).signal in ("KILL", "TERM")
        assert (await child.end()).signal in ("KILL", "TERM")
        # It goes, what it has started does not listen: that goes too, as its end of the pipe shows.
        async with await aio.open("(trap '' TERM; echo deaf; exec sleep 100) & exec sleep 100 |") as stream:
            await stream.readline()
            assert stream.child is not None
            assert (await stream.child.end(1)).signal == "TERM"
            async with asyncio.timeout(60):
                assert await stream.readline() == b""

    run(main())


def test_open2_open3_and_lines(run: Runner) -> None:
    async def main() -> None:
        reader, writer, pid = await aio.open2(["cat", "-u", "-n"], text=True)
        for n in range(1, 4):
            await writer.write("stuff\n")
            assert await reader.readline() == f"{n:6}\tstuff\n"
        assert pid == reader.child.pid
        await writer.close()
        assert (await reader.close()).ok
        async with await aio.open3("read l; echo out $l; echo err $l >&2; exit 2", text=True) as kid:
            lines = kid.lines()
            first = asyncio.ensure_future(anext(lines))
            await asyncio.sleep(0.01)
            assert not first.done()
            await kid.writer.write("x\n")
            rest = [await first] + [line async for line in lines]
            assert sorted(rest) == [("err", "err x\n"), ("out", "out x\n")]
        assert (await kid.child.wait()).code == 2
        async with await aio.open3(["sh", "-c", "cat; echo done >&2"]) as kid3:
            data = os.urandom(1 << 20)
            result = await kid3.communicate(data)
            assert result.stdout == data and result.stderr == b"done\n" and result.status.ok
            assert result.fed == len(data)
        async with await aio.open3(["true"]) as kid3:
            assert (await kid3.communicate(data)).stdout == b"", "it wants to hear nothing"

    run(main())


def test_leaving_on_an_exception_ends_the_child(run: Runner) -> None:
    async def main() -> None:
        with pytest.raises(LookupError):
            async with await aio.open("-|", ["sleep", "60"]) as stream:
                raise LookupError
        assert stream.closed and stream.child is not None
        assert (await stream.child.wait()).signal == "TERM"
        with pytest.raises(LookupError):
            async with await aio.open2(["sleep", "60"]) as kid:
                raise LookupError
        assert (await kid.child.wait()).signal == "TERM"

    run(main())


def test_commands_to_their_end(run: Runner) -> None:
    async def main() -> None:
        assert await aio.qx(["echo", "hi"]) == b"hi\n"
        assert await aio.qx("echo é", text=True) == "é\n"
        with pytest.raises(ipc.ChildError) as failed:
            await aio.qx("echo out; echo why >&2; exit 3")
        assert failed.value.status.code == 3 and failed.value.stderr == b"why\n"
        assert await aio.qx("echo out; exit 3", check=False) == b"out\n"
        assert (await aio.system("exit 4;")).code == 4
        result = await aio.capture(["sort"], "b\na\n", text=True)
        assert result.stdout == "a\nb\n" and result.ok and not result.timed_out
        # Each limit ends the whole tree.
        for limit in LIMITS:
            result_ = await aio.capture("echo begun; echo why >&2; sleep 60 & wait", timeout=limit, stdin="null")
            if result_.stderr:
                break
        assert result_.timed_out and (result_.stdout, result_.stderr) == (b"begun\n", b"why\n")
        assert result_.status.signal == "TERM"
        for limit in LIMITS:
            with pytest.raises(ipc.CommandTimeout) as over:
                await aio.qx("echo begun; sleep 60", timeout=limit)
            if over.value.stdout:
                break
        assert over.value.stdout == b"begun\n"
        with pytest.raises(ipc.CommandTimeout):
            await aio.system(["sleep", "60"], timeout=0.05)
        for work in (aio.system(["sleep", "61"]), aio.capture("sleep 61; true"), aio.qx("sleep 61 | cat")):
            with pytest.raises(TimeoutError) as cancelled:
                async with asyncio.timeout(0.1):
                    await work
            assert not isinstance(cancelled.value, ipc.CommandTimeout)
        assert subprocess.run(["pgrep", "-P", str(os.getpid()), "sleep"]).returncode == 1
        # Many at once.
        assert await asyncio.gather(*(aio.qx(f"echo {i}") for i in range(20))) == [b"%d\n" % i for i in range(20)]

    run(main())


def test_what_of_the_input_went_out(run: Runner) -> None:
    async def main() -> None:
        data = bytes(1 << 20)
        result = await aio.capture(["sleep", "60"], data, timeout=0.5)
        assert result.timed_out and result.fed == ipc.capture(["sleep", "60"], data, timeout=0.5).fed > 0
        assert (await aio.capture(["head", "-c", "1"], data)).fed < len(data)
        assert (await aio.capture("cat >/dev/null", memoryview(data))).fed == len(data)
        with pytest.raises(ValueError, match="redirected"):
            await aio.capture(["cat"], b"x", stdin="null")
        with pytest.raises(ValueError, match="capture: both outputs are redirected"):
            await aio.capture(["cat"], b"x", stdout="null", stderr="null")

    run(main())


def test_what_went_out_before_it_stopped_reading(run: Runner) -> None:
    async def main() -> None:
        data = bytes(1 << 20)
        for n in range(200_000, 230_000, 300):
            async with await aio.open3(["head", "-c", str(n)], stdout="null") as kid:
                assert (await kid.communicate(data)).fed >= n
            assert (await aio.capture(f"head -c {n} >/dev/null", data)).fed >= n

    run(main())


def test_input_that_nobody_is_to_hear_is_an_error(run: Runner) -> None:
    async def main() -> None:
        async with await aio.open2(["cat"]) as kid:
            await kid.writer.close()
            with pytest.raises(ValueError, match="closed"):
                await kid.communicate(b"x")
        async with await aio.open3(["cat"], stdin="null") as kid3:
            with pytest.raises(ValueError, match="redirected"):
                await kid3.communicate(b"x")
            assert (await kid3.communicate()).ok

    run(main())


def test_a_talk_that_is_given_up_at_any_step_goes_on(run: Runner) -> None:
    async def main() -> None:
        data = os.urandom(300_000)
        for steps in range(1, 8):
            kid = await aio.open3("cat; echo over >&2")
            talk = asyncio.ensure_future(kid.communicate(data))
            for _ in range(steps):
                await asyncio.sleep(0)
            talk.cancel()
            with pytest.raises(asyncio.CancelledError):
                await talk
            said = await kid.communicate()
            assert said.stdout == data and said.stderr == b"over\n", steps

    run(main())


def test_lines_leave_others_their_turn(run: Runner) -> None:
    async def main() -> None:
        async with await aio.open3("yes & exec yes >&2") as kid:
            assert kid.error is not None and await kid.reader.readline() == await kid.error.readline()
            names = []
            end = time.monotonic() + 60
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    async for name, _ in kid.lines():
                        names.append(name)
                        assert time.monotonic() < end
            assert set(names) == {"out", "err"}
            await kid.child.end()

    run(main())


def test_a_limit_keeps_both_ends(run: Runner) -> None:
    async def main() -> None:
        command = "seq 100000; seq 10 >&2"
        for limit in (0, 1, 11, 100_000):
            one, other = ipc.capture(command, limit=limit), await aio.capture(command, limit=limit)
            assert (other.stdout, other.stderr, other.dropped) == (one.stdout, one.stderr, one.dropped)
        assert (await aio.capture("echo éé", limit=2, text=True)).stdout == "\udcc3\n"

    run(main())


def test_who_goes_on_behind_the_limit_is_not_listened_to(run: Runner, tmp_path: Path) -> None:
    """A daemon, that no limit finds, keeps both pipes: it neither stops the loop for ever nor is waited for."""

    async def main() -> None:
        with ipc.PrivateFifo() as path:
            async with await aio.open_fifo(path, "+<") as tells:
                daemon = f"exec 3<&0; (setsid sh -c 'echo $$ >{path}; exec yes' <&3 &); sleep 60"
                # On a busy machine it may not have run away, or said anything, before the limit; what it says is not all kept.
                for seconds in (0.3, 3, 8):
                    said = await aio.capture(daemon, bytes(1 << 20), timeout=seconds, limit=1 << 16, stderr="null")
                    assert said.timed_out
                    try:
                        async with asyncio.timeout(1):
                            os.kill(int(await tells.readline()), signal.SIGKILL)
                    except TimeoutError:
                        continue
                    if said.stdout:
                        break
        assert said.stdout.startswith(b"y\n")
        # One that is always quicker than this.
        big = tmp_path / "big"
        big.touch()
        os.truncate(big, 1 << 26)
        async with aio.adopt(os.open(big, os.O_RDONLY)) as stream:
            kept = aio.run._Kept(stream, None)
            kept.drain()
            assert 0 < len(kept.data()) < 1 << 24

    run(main())


def test_pipelines(run: Runner) -> None:
    async def main() -> None:
        said = await aio.pipeline(["yes"], ["head", "-n", "2"], "tr y z", text=True)
        assert said.stdout == "z\nz\n" and said.ok
        assert said.statuses[0].signal == "PIPE" and said.statuses[1].ok
        failed = await aio.pipeline("cat; echo why >&2; exit 4;", ["cat"], input=b"in")
        assert (failed.stdout, failed.stderr, failed.fed) == (b"in", b"why\n", 2)
        assert not failed.ok and failed.status.ok and failed.statuses[0].code == 4
        data = os.urandom(1 << 20)
        assert (await aio.pipeline(["cat"], ["cat"], ["cat"], input=data)).stdout == data
        for limit in LIMITS:
            late = await aio.pipeline("echo begun; sleep 100 & wait", ["cat"], timeout=limit)
            if late.stdout:
                break
        assert late.timed_out and late.stdout == b"begun\n"
        assert late.statuses[0].signal == "TERM"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aio.pipeline(["sleep", "61"], ["cat"], input=data)
        with pytest.raises(FileNotFoundError):
            await aio.pipeline(["sleep", "61"], ["/no/such/program"])
        with pytest.raises(ValueError):
            await aio.pipeline()
        with pytest.raises(TypeError):
            await aio.pipeline(["cat"], b"cat")  # type: ignore[arg-type]
        assert subprocess.run(["pgrep", "-P", str(os.getpid()), "sleep"]).returncode == 1

    run(main())


def test_time_is_up_also_where_there_is_always_more(run: Runner) -> None:
    async def main() -> None:
        async with aio.adopt(os.open("/dev/zero", os.O_RDONLY)) as zero:
            for call in (zero.readline, zero.read, lambda: zero.expect(b"x", timeout=None)):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await call()

    run(main())


def test_terminals_and_expect(run: Runner) -> None:
    async def main() -> None:
        async with await aio.open_pty("printf 'name? '; read n; echo hello $n; sleep 60 & exit 5", text=True) as pty:
            assert (await pty.expect(["name? "])).before == ""
            with pytest.raises(ipc.ExpectTimeout):
                await pty.expect("never", timeout=0)
            answer = asyncio.ensure_future(pty.expect(ipc.Expect(["nothing", "hello (.*)", "llo"])))
            await asyncio.sleep(0.005)
            await pty.sendline("you")
            found = await answer
            assert (found.index, found.before) == (2, "he")
            # A grandchild keeps the terminal: the end comes all the same.
            assert (await pty.read()).strip() == "you"
            with pytest.raises(ipc.ExpectEOF):
                await pty.expect("more")
            assert pty.child is not None
            os.killpg(pty.child.pid, signal.SIGKILL)
        assert pty.status is not None and pty.status.code == 5

    run(main())


def test_a_script(run: Runner) -> None:
    async def main() -> None:
        async with await aio.open_pty("printf 'login: '; read n; printf 'password: '; read p; echo $n:$p; read l; read l") as pty:
            found = await pty.script([(b"login: ", b"me\n"), ([b"never", b"word: "], b"secret\n"), (b"me:secret", None)])
            assert [match.index for match in found] == [0, 1, 0]
            with pytest.raises(ipc.ExpectTimeout):
                await pty.script([(None, b"more\n"), (b"never", None)], timeout=0.02)
            await pty.control("d")

    run(main())


def test_a_thread_for_interact(run: Runner) -> None:
    """As the help says it: the loop goes on, and the stream is the loop's again behind it."""

    async def main() -> None:
        user = User()

        async def joined(keys: bytes) -> object:
            joining = asyncio.ensure_future(
                asyncio.to_thread(pty.sync.interact, stdin=user.slave, stdout=user.slave)
            )
            while user.cooked():
                await asyncio.sleep(0.001)
            user.types(keys)
            if not keys:
                pty.cancel()
            return await joining

        try:
            async with await aio.open_pty("read l; echo \"<$l>\"; read l") as pty:
                assert await joined(b"you\r\x1d") == "escape"
                assert user.cooked()
                await pty.expect(b"<you>")
                with pytest.raises(OSError) as over:
                    await joined(b"")
                assert over.value.errno == errno.ECANCELED and user.cooked()
                assert pty.child is not None
                pty.child.kill("KILL")
        finally:
            os.close(user.master)
            os.close(user.slave)

    run(main())


def test_tcp(run: Runner) -> None:
    async def main() -> None:
        with await aio.tcp_listen("127.0.0.1", 0) as listener:
            served = 0

            async def serve() -> None:
                nonlocal served
                async for client in listener:
                    async with client:
                        async for line in client:
                            await client.write(line.upper())
                    served += 1

            serving = asyncio.ensure_future(serve())

            async def talk(n: int) -> bytes:
                async with await aio.tcp_connect("127.0.0.1", listener.port) as stream:
                    await stream.write(b"hello %d\n" % n)
                    answer = await stream.readline()
                    await stream.shutdown()
                    assert await stream.read() == b""
                    return answer

            assert await asyncio.gather(*map(talk, range(20))) == [b"HELLO %d\n" % n for n in range(20)]
            while served < 20:
                await asyncio.sleep(0.001)
            serving.cancel()
            await asyncio.wait([serving])
            for local in ("127.0.0.2:0", "127.0.0.2"):
                stream = await aio.tcp_connect("127.0.0.1", listener.port, from_=local, nodelay=0)
                assert stream.sync.option("nodelay") == 0
                assert stream.sync.address.startswith("127.0.0.2:")
                await stream.close()
                accepting = asyncio.ensure_future(listener.accept())
                (await accepting).sync.close()
            accepting = asyncio.ensure_future(listener.accept())
            await asyncio.sleep(0.005)
            port = listener.port
            listener.close()
            with pytest.raises(ValueError):
                await accepting
            with pytest.raises(ConnectionRefusedError):
                await aio.tcp_connect("127.0.0.1", port)

    run(main())


# Of two ports, the kernel gives a socket the one that it connects to.
ALONE = """
import asyncio
from perlipc import aio

async def main():
    for _ in range(10):
        try:
            await aio.tcp_connect("127.0.0.1", 40000)
        except ConnectionRefusedError:
            pass
        else:
            raise AssertionError("connected with itself")
    async with await aio.tcp_connect("127.0.0.1", 40000, from_="127.0.0.1:40000") as own:
        await own.write(b"asked for\\n")
        print(await own.readline())

asyncio.run(main())
"""


def test_nobody_is_not_oneself() -> None:
    network = "ip link set lo up && echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range"
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "sh", "-c", network]).returncode != 0:
        pytest.skip("no unshare and ip that may make such a network")
    command = ["unshare", "-rn", "sh", "-c", f'{network} && exec "$@"', "sh", sys.executable, "-c", ALONE]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout == b"b'asked for\\n'\n"


# In a process of its own: libuv keeps the threads that look names up, and they would take this one's signals.
NAMES = """
import asyncio, uvloop
from perlipc import aio

async def main():
    async with await aio.udp("localhost", 0) as dgram, await aio.tcp_listen("localhost", 0, v4only=True):
        pass
    assert dgram.closed
    with await aio.udp("localhost", 0), await aio.tcp_listen("localhost", 0, v4only=True) as listener:
        accepting = asyncio.ensure_future(listener.accept())
        async with await aio.tcp_connect("localhost", listener.port) as stream, await accepting as client:
            await client.write(b"hello\\n")
            print(await stream.readline())
    try:
        await aio.tcp_connect("no.such.host.invalid", 1)
    except OSError as error:
        print(type(error).__name__)

for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.wait_for(main(), 20))
"""


def test_names() -> None:
    said = subprocess.run([sys.executable, "-c", NAMES], capture_output=True, text=True)
    assert said.stderr == ""
    hello, error = said.stdout.splitlines()[:2]
    assert (hello, said.stdout) == ("b'hello\\n'", f"{hello}\n{error}\n" * 2)


def test_the_address_that_answers(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with await aio.tcp_listen("127.0.0.1", 0) as listener, socket.socket() as deaf:
            # One whose queue is full takes no connection and refuses none.
            deaf.bind(("127.0.0.2", 0))
            deaf.listen(0)
            full = []
            for _ in range(3):
                sock = socket.socket()
                sock.setblocking(False)
                sock.connect_ex(deaf.getsockname())
                full.append(sock)

            async def both(*_: object) -> list[Any]:
                places = [deaf.getsockname(), ("127.0.0.1", listener.port)]
                return [Address(f"{host}:{port}", 4, host, port) for host, port in places]

            monkeypatch.setattr(aio.listener, "addresses", both)
            async with await aio.tcp_connect("both", 1) as stream:
                assert stream.sync.peer == f"127.0.0.1:{listener.port}"
            await asyncio.sleep(0)
            for sock in full:
                sock.close()

    run(main())


def test_what_does_not_connect_says_the_same_as_elsewhere(run: Runner, tmp_path: Path) -> None:
    async def main() -> None:
        with await aio.tcp_listen("127.0.0.1", 0) as listener, await aio.unix_listen(tmp_path / "a") as there:
            port, path = listener.port, there.address
            refused = ipc.udp("127.0.0.1", 0)
            closed = int(refused.address.rpartition(":")[2])
            cases: list[tuple[tuple[Any, Any], dict[str, Any]]] = [
                (("127.0.0.1", 65536 + port), {}),
                (("127.0.0.1", -1), {}),
                (("127.0.0.1", str(65536 + port)), {}),
                (("127.0.0.1", 1.5), {}),
                (("127.0.0.1", "no-such-service"), {}),
                (("", port), {}),
                (("127.0.0.1\0", port), {}),
                (("127.0.0.1", closed), {}),
                (("127.0.0.1", port), {"from_": "nonsense"}),
                (("127.0.0.1", port), {"from_": "127.0.0.1:99999"}),
                (("127.0.0.1", port), {"nosuch": 1}),
                (("127.0.0.1", port), {"nodelay": "yes"}),
                (("127.0.0.1", port), {"nodelay": 1.5}),
                (("127.0.0.1", port), {"nodelay": 10**30}),
                (("127.0.0.1", port), {"nodelay": None}),
                (("127.0.0.1", port), {"v4only": 1.5}),
                (("127.0.0.1", port), {"v6only": True}),
                (("127.0.0.1", port), {"v6only": 1, "v4only": 0}),
                (("127.0.0.1", port), {"v4only": 2}),
                (("127.0.0.1", port), {"v4only": "yes"}),
            ]
            if os.path.exists("/proc/net/if_inet6"):
                cases += [(("::1", port), {"from_": zone}) for zone in ("[fe80::1%1]:0", "fe80::1%lo")]
            for args, options in cases:
                await same(aio.tcp_connect, ipc.tcp_connect, *args, **options)
            for host, service in (("127.0.0.1", 65536), ("", 0), ("127.0.0.1", port)):
                await same(aio.tcp_listen, ipc.tcp_listen, host, service)
            for name in (path + "\0b", str(tmp_path / "none"), "@" + "n" * 108, "", str(tmp_path / ("n" * 200))):
                await same(aio.unix_connect, ipc.unix_connect, name)
            await same(aio.unix_connect, ipc.unix_connect, path, nosuch=1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await listener.accept()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await there.accept()
            refused.close()

    async def same(one: Any, other: Any, *args: Any, **options: Any) -> None:
        with pytest.raises((OSError, ValueError, TypeError)) as expected:
            other(*args, **options)
        with pytest.raises((OSError, ValueError, TypeError)) as raised:
            await one(*args, **options)
        assert (type(raised.value), str(raised.value)) == (type(expected.value), str(expected.value))

    run(main())


def test_the_next_address_where_the_first_is_taken(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        for listen in aio.tcp_listen, aio.udp:
            with await listen("127.0.78.2", 0) as taken:
                port = taken.address.rpartition(":")[2]
                both = [f"127.0.78.2:{port}", f"127.0.78.1:{port}"]
                monkeypatch.setattr(ipc, "resolve", lambda host, service, both=both: both)
                with await listen("both", port) as bound:
                    assert bound.address == f"127.0.78.1:{port}"
                    # Where there is none, the first one's error tells.
                    with pytest.raises(OSError, match=f"bind 127.0.78.2:{port}") as error:
                        await listen("both", port)
                    assert error.value.errno == errno.EADDRINUSE

    run(main())


def test_options_are_set_before_it_connects(run: Runner) -> None:
    async def main() -> None:
        with await aio.tcp_listen("127.0.0.1", 0) as listener:
            stream = await aio.tcp_connect("127.0.0.1", listener.port, rcvbuf=4096, keepalive=True)
            assert stream.sync.option("keepalive") == 1 and stream.sync.option("nodelay") == 1
            assert stream.sync.option("rcvbuf") == 8192
            await stream.close()

    run(main())


def test_a_long_path(run: Runner, tmp_path: Path) -> None:
    async def main() -> None:
        deep = tmp_path / ("d" * 120)
        deep.mkdir()
        with await aio.unix_listen(deep / "s") as listener:
            async with await aio.unix_connect(deep / "s") as client, await listener.accept() as server:
                await server.write(b"x")
                assert await client.read(1) == b"x"

    run(main())


def test_a_full_queue_is_waited_for(run: Runner) -> None:
    async def main() -> None:
        with await aio.unix_listen(f"@perlipc-aio-full-{os.getpid()}", backlog=0) as listener:
            first = await aio.unix_connect(listener.address)
            second = asyncio.ensure_future(aio.unix_connect(listener.address))
            await asyncio.sleep(0.05)
            assert not second.done()
            await (await listener.accept()).close()
            await (await second).close()
            await first.close()

    run(main())


def test_closing_when_the_loop_has_ended() -> None:
    async def main() -> tuple[aio.Listener, aio.Dgram]:
        return await aio.tcp_listen("127.0.0.1", 0), await aio.udp("127.0.0.1", 0)

    for thing in asyncio.run(main()):
        thing.close()
        assert thing.closed


def test_unix_and_datagrams(run: Runner) -> None:
    async def main() -> None:
        name = f"@perlipc-aio-{os.getpid()}"
        with await aio.unix_listen(name) as listener:
            client = await aio.unix_connect(name)
            server = await listener.accept()
            await server.write(b"hello\n")
            assert await client.readline() == b"hello\n"
            await client.close()
            assert await server.read() == b""
            await server.close()
        one, other = aio.socketpair()
        async with one, other:
            await one.write(b"x")
            assert await other.read1() == b"x"
        with await aio.udp("127.0.0.1") as a, await aio.udp("127.0.0.1", 0) as b, await aio.unix_dgram() as c:
            receiving = asyncio.ensure_future(b.recv())
            await asyncio.sleep(0.005)
            await a.send(b"hi", b.address)
            assert await receiving == (b"hi", a.address)
            with pytest.raises(OSError):
                await c.send(b"x", "@nobody-is-there")
            with pytest.raises(ValueError, match="v4only and v6only"):
                await aio.tcp_connect("localhost", 1, v4only=True, v6only=True)
            receiving = asyncio.ensure_future(b.recv())
            await asyncio.sleep(0.005)
            b.close()
            with pytest.raises(ValueError):
                await receiving

    run(main())


def test_room_at_somebody_named(run: Runner, tmp_path: Path) -> None:
    # The kernel tells nothing of it: it is looked for, and not at full speed.
    async def main() -> None:
        path = str(tmp_path / "d")
        with await aio.unix_dgram(path) as server, await aio.unix_dgram() as client:
            while True:
                try:
                    client.sync.send(b"x", path, timeout=0)
                except TimeoutError:
                    break
            before = time.process_time()
            for send in (client.send(b"x", path), client.send_batch([(b"x", path)])):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(send, 0.3)
            assert time.process_time() - before < 0.3
            sending = asyncio.ensure_future(client.send(b"x", path))
            await server.recv()
            await asyncio.wait_for(sending, 5)

    run(main())


def test_batches(run: Runner) -> None:
    async def main() -> None:
        one, other = aio.dgram_pair()
        assert repr(one) == "<perlipc.aio.Dgram>"
        with one, other:
            receiving = asyncio.ensure_future(other.recv_batch())
            await asyncio.sleep(0.005)
            assert not receiving.done()
            assert await one.send_batch([b"a", b"b"]) == 2
            assert [data for data, _ in await receiving] == [b"a", b"b"]
            await one.send(b"c")
            assert (await other.peek())[0] == (await other.recv())[0] == b"c"
            # More than the socket has room for: what went out is told.
            many = [b"%d" % i for i in range(10_000)]
            went = await one.send_batch(many)
            assert 0 < went < len(many)
            sending = asyncio.ensure_future(one.send_batch(many[went:]))
            heard = [data for data, _ in await other.recv_batch(10_000)]
            while (left := len(many) - went - (more := await sending)) > 0:
                went += more
                sending = asyncio.ensure_future(one.send_batch(many[-left:]))
                heard += [data for data, _ in await other.recv_batch(10_000)]
            while len(heard) < len(many):
                heard += [data for data, _ in await other.recv_batch(10_000)]
            assert heard == many

    run(main())


def test_descriptors_travel(run: Runner) -> None:
    async def main() -> None:
        one, other = aio.socketpair()
        async with one, other:
            receiving = asyncio.ensure_future(other.recv_fds(5))
            await asyncio.sleep(0.005)
            assert not receiving.done()
            data = bytes(1 << 20)
            sending = asyncio.ensure_future(one.send_fds(b"first" + data, [0, 1]))
            begin, fds = await receiving
            assert begin == b"first" and len(fds) == 2
            for fd in fds:
                os.close(fd)
            assert await other.read(len(data)) == data
            await sending
            # Behind what fills the socket.
            writing = asyncio.ensure_future(one.write(data))
            sending = asyncio.ensure_future(one.send_fds(b"x", [one]))
            await asyncio.sleep(0.005)
            assert not sending.done()
            rest = len(data)
            while rest:
                rest -= len(await other.read1(rest))
            await writing
            begin, fds = await other.recv_fds()
            assert begin == b"x" and len(fds) == 1
            os.close(fds[0])
            await sending
            await one.writelines([b"a\n", b"b\n"])
            assert [await other.readline() for _ in range(2)] == [b"a\n", b"b\n"]

    run(main())


def test_a_stream_that_another_task_closes_or_cancels(run: Runner) -> None:
    async def main() -> None:
        reader, writer = aio.pipe()
        reading = [asyncio.ensure_future(reader.readline()) for _ in range(2)]
        await asyncio.sleep(0.005)
        await reader.close()
        for one in reading:
            with pytest.raises(ValueError):
                await one
        # The number means something else at once.
        again, again_writer = aio.pipe()
        await again_writer.write(b"x\n")
        assert await again.readline() == b"x\n"
        waiting = asyncio.ensure_future(again.readline())
        await asyncio.sleep(0.005)
        again.cancel()
        with pytest.raises(OSError) as cancelled:
            await waiting
        assert cancelled.value.errno == errno.ECANCELED
        for stream in (writer, again, again_writer):
            await stream.close()

    run(main())


def test_a_line_is_of_what_write_takes(run: Runner) -> None:
    async def main() -> None:
        reader, writer = aio.pipe()
        lines: list[Any] = [b"a", bytearray(b"b"), memoryview(b"cd"), b"e" * 100000]
        for line in lines:
            sending = asyncio.ensure_future(writer.sendline(line))
            assert await reader.readline() == bytes(line) + b"\n"
            assert await sending == len(line) + 1
        wrong: Any = 5
        with pytest.raises(TypeError, match="bytes-like"):
            await writer.sendline(wrong)
        await writer.close()
        await reader.close()

    run(main())


def test_a_script_has_a_limit_as_all_else_has(run: Runner) -> None:
    async def main() -> None:
        one, other = aio.socketpair()
        for seconds in (10**400, float("inf"), 1e300, None):
            await other.write(b"a")
            assert [found.match for found in await one.script([(b"a", None)], timeout=seconds)] == [b"a"]
        for seconds in (-1, float("nan")):
            with pytest.raises(ValueError, match="a time limit is not negative"):
                await one.script([(b"a", None)], timeout=seconds)
        await one.close()
        await other.close()

    run(main())


def test_a_stream_is_cancelled_from_anywhere(run: Runner) -> None:
    reader, writer = aio.pipe()
    other, other_writer = aio.pipe()
    third, third_writer = aio.pipe()

    async def main() -> None:
        for stream, call in ((reader, reader.readline), (other, lambda: other.expect(b"x", timeout=None))):
            waiting = asyncio.ensure_future(call())
            await asyncio.sleep(0.005)
            await asyncio.to_thread(stream.cancel)
            with pytest.raises(OSError) as cancelled:
                await waiting
            assert cancelled.value.errno == errno.ECANCELED
        for stream in (reader, writer, other, other_writer, third, third_writer):
            with pytest.raises(OSError) if stream is third else contextlib.nullcontext():
                if stream is third:
                    await stream.readline()
            await stream.close()

    # Before there is any loop, too.
    third.cancel()
    run(main())


def test_a_close_that_is_given_up_goes_on(run: Runner) -> None:
    async def main() -> None:
        gate, opener = ipc.pipe()
        stream = await aio.open("-|", ["sh", "-c", "exec >&-; read l <&3; exit 6"], fds={3: gate.fileno()})
        assert await stream.read() == b""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await stream.close()
        opener.close()
        gate.close()
        status = await stream.close()
        assert status is not None and status.code == 6

    run(main())


def test_files_and_fifos(run: Runner, tmp_path: Any) -> None:
    async def main() -> None:
        stream = aio.adopt(os.open("/etc/passwd", os.O_RDONLY), text=True)
        async with stream:
            assert [line async for line in stream] == open("/etc/passwd").readlines()
        path = tmp_path / "fifo"
        ipc.mkfifo(path)
        opening = asyncio.ensure_future(aio.open_fifo(path, ">"))
        await asyncio.sleep(0.005)
        assert not opening.done()
        async with await aio.open_fifo(path, "<") as reader, await opening as writer:
            await writer.write(b"through it\n")
            await writer.close()
            assert await reader.readline() == b"through it\n"

    run(main())


@pytest.mark.parametrize("says", [b"hi\n", b""])
def test_a_writer_that_does_not_stay(run: Runner, tmp_path: Any, says: bytes) -> None:
    """It comes and goes between two looks."""
    path = tmp_path / "fifo"
    ipc.mkfifo(path)

    async def write() -> None:
        while True:
            try:
                fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                assert error.errno == errno.ENXIO
                await asyncio.sleep(0)
            else:
                os.write(fd, says)
                os.close(fd)
                return

    async def main() -> None:
        opening = asyncio.ensure_future(aio.open_fifo(path, "<"))
        await write()
        async with await asyncio.wait_for(opening, 20) as reader:
            assert await asyncio.wait_for(reader.read(), 20) == says

    run(main())


def test_signals_are_the_loops(run: Runner) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        loop.add_signal_handler(signal.SIGUSR1, seen.append, "loop")
        child = await aio.start(["sleep", "60"])
        waiting = asyncio.ensure_future(child.wait())
        await asyncio.sleep(0)
        ipc.kill("USR1", os.getpid())
        while not seen:
            await asyncio.sleep(0.001)
        assert not waiting.done()
        child.kill()
        assert (await waiting).signal == "TERM"
        assert loop.remove_signal_handler(signal.SIGUSR1)

    run(main())


def test_a_real_timeout_is_no_limit(run: Runner) -> None:
    """What the network calls a timeout is told, and not waited out."""

    async def main() -> None:
        def fails() -> None:
            raise TimeoutError(errno.ETIMEDOUT, "read: Connection timed out")

        with pytest.raises(TimeoutError):
            await aio.block.until(fails, (0, False))

    run(main())


def test_no_thread_is_started(run: Runner) -> None:
    async def main() -> None:
        before = len(os.listdir("/proc/self/task"))
        await aio.qx("echo")
        with await aio.tcp_listen("127.0.0.1", 0) as listener:
            async with await aio.tcp_connect("127.0.0.1", listener.port):
                await (await listener.accept()).close()
        assert len(os.listdir("/proc/self/task")) == before

    run(main())


def test_wrong_words_are_told_of_before_a_command_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    touch = ["touch", str(mark)]
    wrong: Any = [{"timeout": -1}, {"timeout": "1"}, {"timeout": math.nan}]
    more: Any = [{"limit": -1}, {"limit": "1"}, {"limit": 1.5}, {"input": b"bytes", "text": True}]

    async def main() -> None:
        calls: Any = [(aio.capture, wrong + more), (aio.qx, wrong), (aio.system, wrong)]
        calls.append((aio.pipeline, wrong + more[-1:]))
        for run, words in calls:
            for one in words:
                with warnings.catch_warnings(record=True) as warned:
                    warnings.simplefilter("always")
                    with pytest.raises((ValueError, TypeError)):
                        await run(touch, **one)
                    gc.collect()
                assert not warned and not mark.exists(), one
        child = await aio.start(["sleep", "100"])
        for grace in (-1, math.nan):
            with pytest.raises(ValueError, match="^a time limit is not negative"):
                await child.end(grace)
        assert child.poll() is None
        await child.end(0)
        assert (await aio.capture(["echo"], grace=10**400)).ok

    asyncio.run(main())


def full_pipe() -> tuple[int, int]:
    log, full = os.pipe2(os.O_NONBLOCK)
    fcntl.fcntl(full, fcntl.F_SETPIPE_SZ, 4096)
    os.write(full, bytes(4096))
    return log, full


def test_a_log_that_is_full(run: Runner) -> None:
    """What was read is there, whoever looks for it, and nobody turns round until the log has room."""
    calls: dict[str, tuple[Callable[[aio.Stream[bytes]], Awaitable[object]], object]] = {
        "readline": (lambda stream: stream.readline(), b"said\n"),
        "read": (lambda stream: stream.read(4), b"said"),
        "peek": (lambda stream: stream.peek(4), b"said"),
        "eof": (lambda stream: stream.eof(), False),
        "expect": (lambda stream: stream.expect("ai", timeout=60), "Match"),
    }

    async def main(name: str) -> None:
        call, answer = calls[name]
        log, full = full_pipe()
        reader, writer = aio.socketpair()
        with os.fdopen(log, "rb", 0) as room, os.fdopen(full, "wb", 0):
            reader.sync.log(full)
            waits = asyncio.ensure_future(call(reader))
            await asyncio.sleep(0.01)
            await writer.write(b"said\n")
            found = await waits
            assert (type(found).__name__ if name == "expect" else found) == answer
            while reader.sync._buffered():
                reader.sync.read1()
            # What comes now waits for the log.
            await writer.write(b"more\n")
            before = time.process_time()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    while True:
                        await reader.readline()
            assert time.process_time() - before < 0.3
            asyncio.get_running_loop().call_later(0.05, room.read, 4096)
            assert await reader.readline() == b"more\n"
            await writer.close()
            await reader.close()

    for name in calls:
        run(main(name))


def test_lines_of_a_program_whose_log_is_full(run: Runner) -> None:
    async def main() -> None:
        log, full = full_pipe()
        with os.fdopen(log, "rb", 0) as room, os.fdopen(full, "wb", 0):
            kid = await aio.open2("echo one; read l; echo two")
            kid.reader.sync.log(full)
            found: list[bytes] = []
            async for _, line in kid.lines():
                if not found:
                    assert len(room.read(65536)) == 4096
                    await kid.writer.write(b"on\n")
                    await kid.writer.flush()
                found.append(line)
            assert found == [b"one\n", b"two\n"]
            await kid.close()

    run(main())
