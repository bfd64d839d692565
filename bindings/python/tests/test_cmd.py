from __future__ import annotations

import os
import pwd
import resource
import sys
from pathlib import Path
from typing import Any

import pytest

import perlipc as ipc
from conftest import Program
from collections.abc import Callable


def test_a_str_follows_the_shell_rule_and_a_sequence_never() -> None:
    assert ipc.qx("echo a  b") == b"a b\n"
    assert ipc.qx("echo $((1 + 2))") == b"3\n"
    assert ipc.qx(["echo", "$HOME; *"]) == b"$HOME; *\n"
    with pytest.raises(FileNotFoundError):
        ipc.qx(["echo hi"])
    with pytest.raises(ValueError, match="empty"):
        ipc.qx("")
    with pytest.raises(ValueError, match="no program"):
        ipc.qx([])


def test_arguments_of_every_kind(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe")
    assert ipc.qx(["printf", "%s|", "ä", b"\xff", tmp_path, odd]) == b"\xc3\xa4|\xff|" + os.fsencode(tmp_path) + b"|\xff\xfe|"


def test_cwd_env_argv0_umask(tmp_path: Path) -> None:
    assert ipc.qx(["pwd"], cwd=tmp_path, text=True) == f"{tmp_path}\n"
    assert ipc.qx(["env"], env={"A": "1", "PATH": os.environ["PATH"]}).splitlines()[0] == b"A=1"
    assert ipc.qx(["/usr/bin/env"], env={}) == b""
    assert ipc.qx(["env"], env={b"B": b"\xff"}) == b"B=\xff\n"
    assert ipc.qx(["sh", "-c", "echo $0"], argv0="other") == b"other\n"
    assert ipc.qx(["sh", "-c", "umask"], umask=0o027) == b"0027\n"
    with pytest.raises(ValueError, match="is no name"):
        ipc.qx(["true"], env={"A=B": "1"})


def test_the_environment_is_as_python_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERLIPC_TEST", "set")
    assert ipc.qx("echo $PERLIPC_TEST") == b"set\n"
    # With a file to open first, a copy is taken.
    assert ipc.qx("echo $PERLIPC_TEST", stderr=f">{tmp_path}/errors") == b"set\n"


def test_redirections(tmp_path: Path) -> None:
    path = tmp_path / "out"
    assert ipc.system(["echo", "one"], stdout=f">{path}").ok
    assert ipc.system(["echo", "two"], stdout=f">>{path}").ok
    assert path.read_text() == "one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert ipc.qx(["cat"], stdin=f"<{path}") == b"one\ntwo\n"
    assert ipc.qx(["cat"], stdin="null") == b""
    assert ipc.qx("echo out; echo err >&2", stderr="&1") == b"out\nerr\n"
    with path.open("w") as file:
        assert ipc.system(["echo", "three"], stdout=file).ok
    assert path.read_text() == "three\n"
    with path.open() as file:
        assert ipc.qx(["cat"], stdin=file.fileno()) == b"three\n"
    assert ipc.system("cat; exit 3", stdin="close", stderr="null").code == 3
    assert ipc.qx(["readlink", "/proc/self/fd/1"], stdout="socket").startswith(b"socket:")
    with pytest.raises(ValueError, match="none of"):
        ipc.system(["true"], stdout="nonsense")
    with pytest.raises(TypeError, match="redirection"):
        ipc.system(["true"], stdout=1.5)  # type: ignore[arg-type]


def test_other_descriptors() -> None:
    reader, writer = ipc.pipe()
    assert ipc.system("echo through >&7", fds={7: writer.fileno()}).ok
    writer.close()
    assert reader.read() == b"through\n"
    reader.close()


def test_the_child_gets_what_is_named_alone() -> None:
    reader, writer = ipc.pipe()
    os.set_inheritable(reader.fileno(), True)
    with reader, writer:
        # ls has one more for the directory that it lists.
        seen = ipc.qx(["ls", "/proc/self/fd"], fds={9: writer.fileno()}).split()
    assert seen[:3] == [b"0", b"1", b"2"] and b"9" in seen and len(seen) == 5


def test_session_group_limits() -> None:
    leads = [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"]
    assert ipc.qx(leads, session=True) == b"True\n" and ipc.qx(leads) == b"False\n"
    child = ipc.start(["sleep", "30"], process_group=0)
    assert os.getpgid(child.pid) == child.pid
    child.end()
    assert ipc.qx("ulimit -n; ulimit -c", rlimits={"nofile": 64, "core": (0, 0)}) == b"64\n0\n"
    assert ipc.qx("ulimit -c;", rlimits={"core": resource.getrlimit(resource.RLIMIT_CORE)}) != b""
    with pytest.raises(ValueError, match="no such limit"):
        ipc.qx(["true"], rlimits={"nosuch": 1})


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_another_user() -> None:
    nobody = pwd.getpwnam("nobody")
    assert ipc.qx("id -u; id -g", user="nobody") == f"{nobody.pw_uid}\n{nobody.pw_gid}\n".encode()
    assert ipc.qx("id -u; id -g; id -G", user=12345, group=54321, groups=[54321, 7]) == b"12345\n54321\n54321 7\n"
    with pytest.raises(ValueError, match="no such user"):
        ipc.qx(["true"], user="no-such-user")


def test_die_with_parent(program: Callable[[str], Program]) -> None:
    code = """
reader, writer = ipc.pipe()
child = ipc.start(["sleep", "1000"], die_with_parent=True, stdout=writer)
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    returncode, out, _ = program(code).end()
    assert returncode == -9
    from conftest import eventually
    from test_child import _runs

    eventually(lambda: not _runs(int(out)))


def test_children_do_not_ignore_what_python_ignores() -> None:
    ignored = int(ipc.qx(["grep", "SigIgn", "/proc/self/status"]).split()[1], 16)
    assert ignored & (1 << 12 | 1 << 24) == 0
    with ipc.open("-|", ["yes"]) as stream:
        stream.readline()
    assert stream.status is not None and stream.status.signal == "PIPE"


def test_none_is_as_if_it_were_not_given() -> None:
    here = ipc.qx(["sh", "-c", "pwd; id; env"])
    assert here == ipc.qx(["sh", "-c", "pwd; id; env"], cwd=None, env=None, user=None, group=None, groups=None, process_group=None)
    with pytest.raises(TypeError, match="a redirection is a word"):
        ipc.qx(["true"], stdin=None)  # type: ignore[call-overload]


def test_a_sequence_that_is_longer_than_all_memory() -> None:
    for length in (10**14, 2**62):
        too_long: Any = range(length)
        with pytest.raises(MemoryError):
            ipc.start(too_long)
        with pytest.raises(MemoryError):
            ipc.pipeline(too_long)
