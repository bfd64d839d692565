from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import time

import pytest

import perlipc as ipc
from conftest import LIMITS, Program
from collections.abc import Callable


def test_backticks() -> None:
    assert ipc.qx(["echo", "hi"]) == b"hi\n"
    assert ipc.qx("echo ä", text=True) == "ä\n"
    assert ipc.qx(["printf", r"\377"], text=True) == "\udcff"
    assert ipc.qx(["true"]) == b""
    assert ipc.qx("echo part; exit 3", check=False) == b"part\n"


def test_backticks_lose_no_message(capfd: pytest.CaptureFixture[str]) -> None:
    assert ipc.qx("echo warning >&2; echo out") == b"out\n"
    assert ipc.qx("echo also >&2; exit 1", check=False) == b""
    assert capfd.readouterr().err == "warning\nalso\n"
    assert ipc.qx("echo into >&2; echo one", stderr="&1").split() == [b"into", b"one"]
    assert ipc.qx("echo dropped >&2", stderr="null") == b""
    assert capfd.readouterr().err == ""


def test_capture() -> None:
    result = ipc.capture("cat; echo err >&2; exit 2", b"input")
    assert (result.stdout, result.stderr, result.status.code) == (b"input", b"err\n", 2)
    assert (result.timed_out, result.dropped) == (False, 0)
    assert repr(result) == r"Result(Status(exited with 2), stdout=b'input', stderr=b'err\n')"
    text = ipc.capture(["tr", "a-z", "A-Z"], "grün\udcff", text=True)
    assert text.stdout == "GRüN\udcff"
    assert ipc.capture(["cat"], bytearray(b"array")).stdout == b"array"
    assert ipc.capture(["cat"], memoryview(b"a-b-c")[::2]).stdout == b"abc"
    with pytest.raises(TypeError):
        ipc.capture(["cat"], "text")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="redirected"):
        ipc.capture(["cat"], b"x", stdin="null")


def test_more_than_a_pipe_holds_in_all_directions() -> None:
    data = os.urandom(1 << 20) * 8
    result = ipc.capture("tee /dev/stderr", data)
    assert result.stdout == data and result.stderr == data


def test_a_limit_keeps_head_and_tail() -> None:
    result = ipc.capture(["seq", "100000"], limit=20)
    assert result.stdout == b"1\n2\n3\n4\n5\n99\n100000\n"
    assert result.dropped == 588895 - 20


def test_a_time_limit_holds_although_a_grandchild_keeps_the_pipe() -> None:
    for limit in LIMITS:
        before = time.monotonic()
        result = ipc.capture("echo part; setsid sleep 60 & exec sleep 60", timeout=limit)
        assert time.monotonic() - before < limit + 20
        if result.stdout:
            break
    assert result.timed_out and result.stdout == b"part\n" and result.status.signal == "TERM"
    with pytest.raises(ipc.CommandTimeout):
        ipc.qx(["sleep", "30"], timeout=0.05)
    for limit in LIMITS:
        with pytest.raises(ipc.CommandTimeout) as caught:
            ipc.system("trap '' TERM; while :; do sleep 0.01; done", timeout=limit, grace=0.05)
        if caught.value.status.signal == "KILL":
            break
    assert caught.value.status.signal == "KILL"


def test_system(capfd: pytest.CaptureFixture[str]) -> None:
    print("before", end=" ")
    assert ipc.system(["echo", "during"]).ok
    print("after")
    assert capfd.readouterr().out == "before during\nafter\n"
    assert ipc.system("exit 7;").code == 7
    with pytest.raises(FileNotFoundError):
        ipc.system(["no-such-program"])


def test_system_leaves_int_to_the_command(program: Callable[[str], Program]) -> None:
    code = """
import signal
st = ipc.system(["sh", "-c", "kill -INT $PPID; exit 4"])
print(st, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
try:
    ipc.system(["sh", "-c", "kill -INT $$"])
except KeyboardInterrupt:
    print("interrupt")
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(ipc.system([sys.executable, "-c", "import os, signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)"]))
"""
    assert program(code).end()[:2] == (0, "exited with 4 True\ninterrupt\nkilled by INT\n")


def test_peers_agree() -> None:
    code = "import sys; sys.stdout.write('x' * 300000); sys.stderr.write('y' * 300000); sys.exit(9)"
    ours = ipc.capture([sys.executable, "-c", code])
    theirs = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert (ours.stdout, ours.stderr, ours.status.returncode) == (theirs.stdout, theirs.stderr, theirs.returncode)


@pytest.mark.parametrize("size", [400_000, 600_000, 5_000_000, 41_943_040, 45_000_000])
def test_large_outputs_are_whole(size: int) -> None:
    script = f"yes abcdefg | head -c {size}; yes 1234567 | head -c {size // 2} >&2"
    result = ipc.capture(["sh", "-c", script])
    assert result.status.ok
    for said, line in ((result.stdout, b"abcdefg\n"), (result.stderr, b"1234567\n")):
        wanted = size if line[0] == ord("a") else size // 2
        assert type(said) is bytes and len(said) == wanted
        assert said == (line * (wanted // 8 + 1))[:wanted]
        # An object like any other: nothing of its larger past is left.
        assert sys.getsizeof(said) == sys.getsizeof(bytes(wanted)) and hash(said) == hash(bytes(bytearray(said)))
    assert len(ipc.capture(["sh", "-c", script], limit=300_000).stdout) == 300_000


def test_large_text() -> None:
    assert ipc.qx("yes abc | head -c 3000000", text=True) == "abc\n" * 750_000


def test_a_result_travels() -> None:
    for result in (
        ipc.capture("echo out; echo err >&2; exit 3"),
        ipc.capture("echo é", text=True, limit=2),
        ipc.capture(["sleep", "60"], b"in", timeout=0.05),
        ipc.pipeline(["false"], ["true"]),
    ):
        for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
            for name in ("status", "stdout", "stderr", "timed_out", "dropped", "fed", "statuses", "ok"):
                assert getattr(other, name) == getattr(result, name)
