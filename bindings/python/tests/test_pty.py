from __future__ import annotations

from typing import Any

import pytest

import perlipc as ipc


def test_a_line_of_the_wrong_type_is_said_as_by_write() -> None:
    with ipc.open_pty(["cat"]) as plain, ipc.open_pty(["cat"], text=True) as text:
        both: list[tuple[ipc.Stream[Any], Any]] = [(plain, "line"), (text, b"line")]
        for stream, line in both:
            with pytest.raises(TypeError) as written:
                stream.write(line)
            with pytest.raises(TypeError) as sent:
                stream.sendline(line)
            assert str(sent.value) == str(written.value)
        assert (plain.sendline(b"\xc3\xa9"), text.sendline("h\xe9")) == (3, 3)
        with pytest.raises(OSError, match="write: longer than the limit of 4095 bytes"):
            text.sendline("x" * 5000)
        assert (plain.readline(), text.readline()) == (b"\xc3\xa9\n", "h\xe9\n")


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
