from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import perlipc as ipc


def test_argv(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f1").write_text("a\nb\n")
    lines = ipc.argv([tmp_path / "f1", "no-such-file", "echo cmd; exit 6 |"], magic=True, text=True)
    seen = [(lines.lineno, line, lines.eof()) for line in lines]
    assert seen == [(1, "a\n", False), (2, "b\n", True), (3, "cmd\n", True)]
    assert capfd.readouterr().err == "Can't open no-such-file: No such file or directory\n"
    whole = ipc.argv([tmp_path / "f1"])
    whole.set_separator(None)
    whole.push(tmp_path / "f1")
    assert next(whole) == b"a\nb\n" and whole.name == str(tmp_path / "f1")
    assert repr(whole) == f"<perlipc.ArgvStream {whole.name!r} lineno=1>"
    assert not whole.eof_all()
    assert whole.close() is None
    assert list(whole) == []


def test_a_command_inherits_nothing_that_python_ignores() -> None:
    show = "grep SigIgn /proc/self/status |"
    with ipc.open(show) as same:
        assert list(ipc.argv([show], magic=True)) == list(same)
    endless = ipc.argv(["yes |"], magic=True)
    assert next(endless) == b"y\n"
    status = endless.close()
    assert status is not None and status.signal == "PIPE"


def test_records_of_a_fixed_size(tmp_path: Path) -> None:
    for name, data in ("a", b"abcdefg"), ("b", b"123"):
        (tmp_path / name).write_bytes(data)
    files = ipc.argv([tmp_path / "a", tmp_path / "b"])
    files.set_separator(3)
    assert list(files) == [b"abc", b"def", b"g", b"123"]
    for size in 0, -1, 1 << 70:
        with pytest.raises(ValueError, match="record"):
            files.set_separator(size)
    with pytest.raises(ValueError, match="bytes"):
        ipc.argv([tmp_path / "a"], text=True).set_separator(3)


def test_numbers_begin_again_behind_the_end(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a\nb\n")
    lines = ipc.argv([tmp_path / "f"], text=True)
    assert [(lines.lineno, line) for line in lines] == [(1, "a\n"), (2, "b\n")]
    assert lines.lineno == 2
    lines.push(tmp_path / "f")
    lines.push("")
    assert [(lines.lineno, line) for line in lines] == [(1, "a\n"), (2, "b\n")]


def test_a_name_is_no_list_of_names() -> None:
    names: list[Any] = ["file", b"file"]
    for name in names:
        with pytest.raises(TypeError, match="a list of names"):
            ipc.argv(name)


def test_another_thread_asks_while_one_reads() -> None:
    """It is told at once: waiting with the interpreter in its hands, it would keep that from the reader too."""
    code = """
import os, signal, sys, threading
import perlipc as ipc

lines = ipc.argv([])
told = []

def asks(*_):
    try:
        lines.name
    except RuntimeError as error:
        told.append(str(error))

ipc.SIG["USR1"] = asks  # which has no window between the look for signals and the wait

def other():
    while not told:
        asks()
    os.kill(os.getpid(), signal.SIGUSR1)
    while len(told) < 2:
        pass
    os.write(int(sys.argv[1]), b"line\\n")

threading.Thread(target=other).start()
print(next(lines), lines.name, len(set(told)))
"""
    reader, writer = os.pipe()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code, str(writer)],
            stdin=reader,
            pass_fds=[writer],
            capture_output=True,
            text=True,
            timeout=20,
        )
    finally:
        os.close(reader)
        os.close(writer)
    assert (ended.stdout, ended.stderr) == ("b'line\\n' - 1\n", "")
