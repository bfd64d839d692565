from __future__ import annotations

from pathlib import Path

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
    assert not whole.eof_all()
    assert whole.close() is None
    assert list(whole) == []
