from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

import perlipc as ipc
from conftest import Program, children
from collections.abc import Callable


def test_reading_from_a_command() -> None:
    stream = ipc.open("echo one; echo two; exit 3|")
    assert stream.readline() == b"one\n"
    assert list(stream) == [b"two\n"]
    status = stream.close()
    assert status is not None and status.code == 3
    assert stream.status == status
    assert stream.close() == status


def test_writing_to_a_command(tmp_path: Path) -> None:
    with ipc.open(f"| cat > {tmp_path}/out") as stream:
        assert not stream.autoflush
        assert stream.write(b"text\n") == 5
    assert stream.status is not None and stream.status.ok
    assert (tmp_path / "out").read_bytes() == b"text\n"


def test_a_name_that_is_no_utf8_in_one_string(tmp_path: Path) -> None:
    name = f"{tmp_path}/\udcff"
    with ipc.open(f"|cat >'{name}'") as stream:
        stream.write(b"text")
    with ipc.open(f"cat {name}|") as stream:
        assert stream.read() == b"text"


def test_lists_and_options() -> None:
    with ipc.open("-|", ["printf", "%s", "a b"]) as stream:
        assert stream.read() == b"a b"
    with ipc.open("-|", "echo $HOME", env={"HOME": "/x"}, text=True) as lines:
        assert lines.read() == "/x\n"
    with ipc.open("|-", ["sh", "-c", "read line; test $line = ok"], text=True) as kid:
        kid.write("ok\n")
    assert kid.status is not None and kid.status.ok


def test_what_cannot_be_opened() -> None:
    with pytest.raises(FileNotFoundError):
        ipc.open("no-such-program |")
    with pytest.raises(FileNotFoundError):
        ipc.open("| no-such-program")
    with pytest.raises(ValueError, match="bidirectional"):
        ipc.open("| cat |")
    with pytest.raises(ValueError, match="missing command"):
        ipc.open("|")
    with pytest.raises(ValueError, match="neither"):
        ipc.open("cat")
    with pytest.raises(ValueError, match="mode"):
        ipc.open("<", ["cat"])
    with pytest.raises(TypeError, match="fork_open"):
        ipc.open("-|")
    with pytest.raises(ValueError, match="redirected already"):
        ipc.open("-|", ["cat"], stdout="null")


def test_a_bogus_writer_behind_a_shell() -> None:
    stream = ipc.open("| no-such-program 2>/dev/null; exit 9")
    assert stream.child is not None
    stream.child.wait()
    stream.write(b"bang\n")
    with pytest.raises(BrokenPipeError):
        stream.close()
    assert stream.status is not None and stream.status.code == 9


def test_check() -> None:
    stream = ipc.open("exit 2;|", check=True)
    with pytest.raises(ipc.ChildError, match="exited with 2") as caught:
        stream.close()
    assert caught.value.command == "exit 2;|"
    with pytest.raises(ipc.ChildError), ipc.open("-|", ["sh", "-c", "exit 2"], check=True) as stream:
        stream.read()


def test_leaving_on_an_exception_ends_the_child() -> None:
    before = time.monotonic()
    with pytest.raises(KeyError), ipc.open("sleep 1000 & exec sleep 1000|") as stream:
        raise KeyError
    assert stream.closed and stream.child is not None and stream.child.status is not None
    assert stream.child.status.signal == "TERM"
    with pytest.raises(KeyError), ipc.open("|-", ["sh", "-c", "trap '' TERM; while :; do sleep 0.01; done"], grace=0.2) as kid:
        raise KeyError
    assert kid.child is not None and kid.child.status is not None
    assert time.monotonic() - before < 20
    assert not children()


def test_leaving_early_without_one_is_a_broken_pipe_for_the_child() -> None:
    with ipc.open("yes |") as stream:
        assert stream.readline() == b"y\n"
    assert stream.status is not None and stream.status.signal == "PIPE"


def test_a_dropped_stream_does_not_wait() -> None:
    before = time.monotonic()
    stream = ipc.open("-|", ["sleep", "1000"])
    child = stream.child
    del stream
    assert time.monotonic() - before < 5
    assert child is not None
    child.end()


def test_a_function(program: Callable[[str], Program]) -> None:
    code = """
def kid():
    print("from the kid")
    sys.stdout.flush()
    os.write(1, b"and its descriptor\\n")
    return 6
with ipc.open("-|", kid) as stream:
    print(stream.read())
print(stream.status)
with ipc.open("|-", lambda: len(sys.stdin.read()), text=True) as kid:
    kid.write("12345")
print(kid.status)
"""
    out = "b'from the kid\\nand its descriptor\\n'\nexited with 6\nexited with 5\n"
    assert program(code).end()[:2] == (0, out)
    with pytest.raises(TypeError, match="cwd"):
        ipc.open("-|", lambda: 0, cwd="/")


def test_fork_open(program: Callable[[str], Program]) -> None:
    code = """
print("before", flush=False)
kid = ipc.fork_open("-|", text=True)
if kid is None:
    print("hello from", "the child")
    sys.exit(3)
with kid:
    print(kid.read().upper(), end="")
print(kid.status)
kid = ipc.fork_open("|-")
if kid is None:
    print(sys.stdin.read().upper())
    sys.exit()
with kid:
    kid.write(b"to the child")
"""
    assert program(code).end()[:2] == (0, "before\nHELLO FROM THE CHILD\nexited with 3\nTO THE CHILD\n")


def test_forking_with_threads_is_refused() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="threads_ok"):
            ipc.fork_open("-|")
        with pytest.raises(RuntimeError, match="threads_ok"):
            ipc.open("-|", lambda: 0)
        stream = ipc.fork_open("-|", threads_ok=True)
        if stream is None:
            os.write(1, b"all the same")
            os._exit(0)
        with stream:
            assert stream.read() == b"all the same"
    finally:
        done.set()
        thread.join()


def test_a_stream_in_a_forked_child_is_not_its_child() -> None:
    stream = ipc.open("-|", ["sleep", "1000"])

    def close() -> int:
        try:
            stream.close()
        except ChildProcessError:
            return 44
        return 1

    child = ipc.fork(close)
    assert child is not None and child.wait().code == 44
    assert stream.child is not None
    stream.child.kill("KILL")
    assert str(stream.close()) == "killed by KILL"
