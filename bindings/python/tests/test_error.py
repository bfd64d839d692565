from __future__ import annotations

import copy
import errno
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import perlipc as ipc
from conftest import LIMITS


def test_a_missing_program_names_step_and_file() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        ipc.start(["no-such-program"])
    error = caught.value
    assert (error.errno, error.filename) == (errno.ENOENT, "no-such-program")
    assert getattr(error, "step") == "exec"
    assert str(error) == "[Errno 2] exec: No such file or directory: 'no-such-program'"


def test_other_kinds_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(PermissionError):
        ipc.start(["/etc/passwd"])
    with pytest.raises(FileNotFoundError) as caught:
        ipc.start(["true"], cwd=tmp_path / "nowhere")
    assert getattr(caught.value, "step") == "chdir"
    with pytest.raises(NotADirectoryError):
        ipc.start(["true"], cwd="/etc/passwd")
    with pytest.raises(FileNotFoundError) as caught:
        ipc.start(["true"], stdin=f"<{tmp_path}/nothing")
    assert (getattr(caught.value, "step"), caught.value.filename) == ("open", f"{tmp_path}/nothing")


def test_a_missing_interpreter_says_so(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(FileNotFoundError, match="its interpreter /no/such/interpreter"):
        ipc.system([script])


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="NUL"):
        ipc.start(["echo", "a\0b"])
    with pytest.raises(ValueError, match="no such signal"):
        (child := ipc.start(["true"])).kill("NOSUCH")
    child.wait()
    with pytest.raises(TypeError, match="nosuch"):
        ipc.start(["true"], nosuch=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="not bytes"):
        ipc.start(b"true")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="sequence"):
        ipc.start(7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative"):
        ipc.qx(["true"], timeout=-1)


def test_child_error_tells_all() -> None:
    with pytest.raises(ipc.ChildError) as caught:
        ipc.qx("echo out; echo why >&2; exit 4")
    error = caught.value
    assert (error.status.code, error.stdout, error.stderr) == (4, b"out\n", b"why\n")
    assert error.command == "echo out; echo why >&2; exit 4"
    assert str(error) == "'echo out; echo why >&2; exit 4': exited with 4\nwhy"
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.status == error.status


def test_child_error_keeps_to_the_tail() -> None:
    with pytest.raises(ipc.ChildError) as caught:
        ipc.qx("seq 100000 >&2; echo last >&2; exit 1", text=True)
    text = str(caught.value)
    assert len(text) < 2200 and text.endswith("last")
    assert len(caught.value.stderr) > 500_000


def test_command_timeout_is_a_timeout_error() -> None:
    for limit in LIMITS:
        with pytest.raises(TimeoutError) as caught:
            ipc.qx("echo part; exec sleep 30", timeout=limit)
        error = caught.value
        assert isinstance(error, ipc.CommandTimeout)
        if error.stdout:
            break
    assert isinstance(error, ipc.CommandTimeout) and isinstance(error, ipc.ChildError)
    assert (error.errno, error.stdout, error.status.signal) == (errno.ETIMEDOUT, b"part\n", "TERM")
    assert "timed out" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ipc.CommandTimeout) and again.stdout == b"part\n"


def test_a_broken_pipe_is_an_error_and_no_signal() -> None:
    reader, writer = ipc.pipe()
    reader.close()
    with pytest.raises(BrokenPipeError):
        writer.write(b"x")
    writer.close()


def test_wrong_direction() -> None:
    reader, writer = ipc.pipe()
    with reader, writer:
        with pytest.raises(io.UnsupportedOperation):
            reader.write(b"x")
        with pytest.raises(io.UnsupportedOperation):
            writer.read()
        with pytest.raises(io.UnsupportedOperation):
            iter(writer)


def test_a_closed_stream_is_a_value_error() -> None:
    reader, writer = ipc.pipe()
    reader.close()
    writer.close()
    for call in (reader.read, reader.readline, reader.readlines, reader.eof, reader.fileno, reader.detach, reader.flush):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(ValueError, match="closed"):
        next(reader)
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"x")
    with pytest.raises(ValueError, match="closed"), reader:
        pass


def test_no_descriptor_to_adopt() -> None:
    fd = os.open("/dev/null", os.O_RDONLY)
    os.close(fd)
    with pytest.raises(OSError) as caught:
        ipc.adopt(fd)
    assert caught.value.errno == errno.EBADF


def test_what_asks_the_descriptor_of_a_closed_stream() -> None:
    one, other = ipc.socketpair()
    one.close()
    other.close()
    for ask in (
        lambda: one.address,
        lambda: one.peer,
        lambda: one.option("type"),
        lambda: one.set_option("sndbuf", 4096),
        one.credentials,
        one.peer_pidfd,
        one.at_mark,
        one.recv_urgent,
        lambda: one.resize(1, 1),
    ):
        with pytest.raises(ValueError, match="closed"):
            ask()


def test_a_wrong_type_names_its_keyword() -> None:
    for options in ({"session": "yes"}, {"rlimits": {"nofile": "many"}}, {"user": 1.5}):
        with pytest.raises(TypeError) as raised:
            ipc.start(["true"], **options)
        assert f"while processing '{next(iter(options))}'" in raised.value.__notes__


@pytest.mark.parametrize("error", [ipc.ExpectTimeout(b"some of"), ipc.ExpectEOF("some of")])
def test_what_an_expect_raises_travels(error: ipc.ExpectTimeout | ipc.ExpectEOF) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error) and str(other) == str(error)
        assert (other.before, other.args) == (error.before, error.args)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("ipc.qx(['echo', 'hi'], text=True)", "hi\n\n"),
        ("ipc.capture(['echo', 'hi']).stdout", "b'hi\\n'\n"),
        ("ipc.start(['/no/such/program'])", "FileNotFoundError"),
        ("ipc.pipe()[1].write(b'x')", "BrokenPipeError"),
    ],
)
def test_destructors_of_the_interpreters_end(call: str, says: str) -> None:
    """When the modules are taken apart, calls still work, and what fails is an exception."""
    code = f"""
import perlipc
class Last:
    def __init__(self):
        self.ipc = perlipc
        self.call = lambda ipc: {call}
    def __del__(self):
        try:
            print(self.call(self.ipc))
        except Exception as error:
            print(type(error).__name__)
last = Last()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.stdout.strip(), ended.stderr) == (says.strip(), "")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/no\xff")
    for call in (
        lambda: ipc.start([name]),
        lambda: ipc.start(["true"], cwd=name),
        lambda: ipc.start(["cat"], stdin="<" + name),
        lambda: ipc.mkfifo(name + "/x"),
        lambda: ipc.open_fifo(name, "<"),
    ):
        with pytest.raises(FileNotFoundError) as raised:
            call()
        assert str(raised.value.filename).startswith(name)
