from __future__ import annotations

import pytest

import perlipc as ipc


def test_open_proc_cat_n() -> None:
    with ipc.open_pty(["cat", "-n"], text=True) as cat:
        cat.timeout = 10
        for n in range(1, 11):
            cat.sendline("a line")
            assert cat.readline() == f"{n:6}\ta line\n"
        cat.control("d")
        assert cat.readline() == ""
    assert cat.status is not None and cat.status.ok


def test_a_pty_has_its_size_and_modes() -> None:
    with ipc.open_pty("stty size; read x; stty size; printf 'a\\n'", rows=33, cols=77, crlf=True) as tty:
        assert tty.readline(timeout=10) == b"33 77\r\n"
        tty.resize(50, 132)
        tty.sendline(b"")
        assert tty.read() == b"50 132\r\na\r\n"
    with ipc.open_pty(["cat"]) as tty:
        with pytest.raises(OSError):
            tty.write(b"x" * 5000)
    with pytest.raises(ValueError):
        with ipc.open_pty(["cat"]) as tty:
            tty.control("1")
