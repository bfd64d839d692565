from __future__ import annotations

from pathlib import Path

import pytest

import perlipc as ipc


def test_named_pipes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    ipc.mkfifo(fifo)
    assert fifo.stat().st_mode & 0o777 == 0o600
    ipc.mkfifo(fifo, exist_ok=True)
    with pytest.raises(FileExistsError):
        ipc.mkfifo(fifo)
    assert ipc.is_fifo(fifo) and not ipc.is_fifo("/dev/null")
    with pytest.raises(TimeoutError):
        ipc.open_fifo(fifo, ">", timeout=0.03)
    with ipc.open_fifo(fifo, "<", keep=True, text=True) as reader:
        for word in ("one\n", "two\n"):
            with ipc.open_fifo(fifo, ">", text=True) as writer:
                writer.write(word)
            assert reader.readline(timeout=5) == word
    with pytest.raises(ValueError):
        ipc.open_fifo("/dev/null", "<")
