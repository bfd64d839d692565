from __future__ import annotations

import os
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
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    assert not ipc.is_fifo(circle) and not ipc.is_fifo("x" * 300)
    with pytest.raises(TimeoutError):
        ipc.open_fifo(fifo, ">", timeout=0.03)
    with ipc.open_fifo(fifo, "<", keep=True, text=True) as reader:
        for word in ("one\n", "two\n"):
            with ipc.open_fifo(fifo, ">", text=True) as writer:
                writer.write(word)
            assert reader.readline(timeout=5) == word
    with pytest.raises(ValueError):
        ipc.open_fifo("/dev/null", "<")


def test_a_private_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with ipc.PrivateFifo() as path:
        assert path.parent.parent == tmp_path and ipc.is_fifo(path)
        assert path.parent.stat().st_mode & 0o777 == 0o700 and path.stat().st_mode & 0o777 == 0o600
        with ipc.open_fifo(path, "+<") as both:
            both.write(b"x\n")
            assert both.readline(timeout=5) == b"x\n"
    assert not list(tmp_path.iterdir())
    one = ipc.PrivateFifo()
    assert os.fspath(one) == str(one.path)
    one.remove()
    one.remove()
    assert not list(tmp_path.iterdir())
    del one
    kept = ipc.PrivateFifo().keep()
    assert ipc.is_fifo(kept)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        ipc.PrivateFifo()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_the_end_is_told_to_who_may_only_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    ipc.mkfifo(fifo)
    tmp_path.chmod(0o711)
    fifo.chmod(0o644)
    # What somebody left for another reader: nobody has it open for writing any more.
    writer = os.open(fifo, os.O_RDWR)
    other = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    os.write(writer, b"left\n")
    os.close(writer)

    def read() -> int:
        os.chdir(tmp_path)
        ipc.drop_privileges(65534, 65534)
        with ipc.open_fifo("fifo", "<", timeout=20) as reader:
            reader.timeout = 20
            return 0 if reader.readlines() == [b"left\n"] else 1

    child = ipc.fork(read)
    assert child is not None and child.wait().ok
    os.close(other)
