from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator

import pytest

import perlipc as ipc


class User:
    """A terminal in the user's place."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.shown = b""

    def types(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def sees(self, text: bytes) -> None:
        end = time.monotonic() + 20
        while text not in self.shown:
            assert time.monotonic() < end, (text, self.shown)
            if select.select([self.master], [], [], 0.1)[0]:
                self.shown += os.read(self.master, 4096)
        self.shown = self.shown.partition(text)[2]

    def cooked(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[3] & termios.ICANON)


@pytest.fixture
def user() -> Iterator[User]:
    user = User()
    yield user
    os.close(user.master)
    os.close(user.slave)


def beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_user_talks_to_the_child(user: User) -> None:
    def at_the_terminal() -> None:
        user.sees(b"ready\r\n")
        assert not user.cooked()
        user.types(b"hello\r")
        user.sees(b"<hello>\r\n")
        user.types(b"\x1d")

    shell = ipc.open_pty("echo ready; while read l; do echo \"<$l>\"; done", echo=True, crlf=True)
    thread = beside(at_the_terminal)
    assert shell.interact(stdin=user.slave, stdout=user.slave) == "escape"
    thread.join()
    assert user.cooked()
    shell.sendline(b"still there")
    assert shell.expect(b"<still there>").index == 0
    shell.control("d")
    assert shell.interact(None, stdin=user.slave, stdout=user.slave, timeout=20) == "eof"
    shell.close()


def test_hooks_of_both_sides(user: User) -> None:
    seen: list[tuple[int, str, tuple[str | None, ...]]] = []

    def note(match: ipc.Match[str]) -> object:
        assert user.cooked()
        seen.append((match.index, match.match, match.groups))
        return None

    def answer(match: ipc.Match[str]) -> object:
        shell.sendline("mine")
        assert shell.expect("<mine>", timeout=10).before.endswith("\r\n")
        return None

    def at_the_terminal() -> None:
        user.sees(b"ready\r\n")
        user.types(b"o.e\r")
        user.sees(b"<o.e>\r\n")
        user.types(b"\x02")
        user.types(b"end\r")

    shell = ipc.open_pty("echo ready; while read l; do echo \"<$l>\"; done", echo=True, crlf=True, text=True)
    thread = beside(at_the_terminal)
    ended = shell.interact(
        escape="q",
        keys={"\x02": answer},
        on_input={"o.e": note},
        on_output={re.compile(r"<(END)>", re.I): lambda match: [match.groups], "<o": note},
        stdin=user.slave,
        stdout=user.slave,
        timeout=20,
    )
    thread.join()
    assert ended == [("end",)]
    assert seen == [(1, "o.e", ()), (3, "<o", ())]
    shell.__exit__(KeyError)


def test_what_a_hook_raises_and_bad_words(user: User) -> None:
    shell = ipc.open_pty("echo ready; read l")
    with pytest.raises(ZeroDivisionError):
        shell.interact(on_output={b"ready": lambda match: 1 // 0}, stdin=user.slave, stdout=user.slave)
    assert user.cooked()
    with pytest.raises(TimeoutError):
        shell.interact(stdin=user.slave, stdout=user.slave, timeout=0.02)
    assert user.cooked()
    with pytest.raises(ValueError, match="one byte"):
        shell.interact(b"ab")
    with pytest.raises(ValueError, match="everywhere"):
        shell.interact(on_output={re.compile(b"x*"): print})
    with pytest.raises(OSError):
        shell.interact(stdin=-1)
    reader, writer = ipc.pipe()
    with pytest.raises(OSError):
        reader.interact()
    reader.close()
    writer.close()
    shell.sendline(b"")
    shell.close()


PROGRAM = """
import perlipc as ipc, sys
kid = ipc.open_pty("echo ready; exec cat -n", echo=True, crlf=True)
try:
    print("said", kid.interact())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("signo", "says"), [(signal.SIGTERM, "143"), (signal.SIGHUP, "129"), (signal.SIGINT, "interrupted\r\n0")]
)
def test_signals_put_the_terminal_back(signo: signal.Signals, says: str) -> None:
    script = f'trap : INT; before=$(stty -g); "{sys.executable}" -c "$PROGRAM"; s=$?;'
    script += '[ "$(stty -g)" = "$before" ] && echo $s same'
    env = {**os.environ, "PROGRAM": PROGRAM}
    with ipc.open_pty(["sh", "-c", script], echo=True, crlf=True, text=True, env=env) as terminal:
        shell = terminal.child
        assert shell is not None
        terminal.expect("ready\r\n")
        terminal.sendline("x")
        terminal.expect("     1\tx\r\n")
        [python] = [int(pid) for pid in subprocess.check_output(["pgrep", "-P", str(shell.pid)]).split()]
        os.kill(python, signo)
        terminal.expect(f"{says} same\r\n")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux() -> None:
    server = ["tmux", "-L", f"perlipc-python-{os.getpid()}"]
    code = 'import perlipc as ipc; kid = ipc.open_pty(["bash", "--norc"], echo=True, crlf=True); print(kid.interact())'
    env = {**os.environ, "PS1": "CHILD$ ", "TERM": "xterm", "SHELL": "/bin/sh", "CODE": code}
    env.pop("TMUX", None)

    def tmux(*args: str) -> str:
        return subprocess.run([*server, *args], env=env, check=True, capture_output=True, text=True).stdout

    def until(what: Callable[[str], bool]) -> None:
        end = time.monotonic() + 20
        while not what(screen := tmux("capture-pane", "-p").strip()):
            assert time.monotonic() < end, screen
            time.sleep(0.02)

    tmux("-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "20", f"{sys.executable} -c \"$CODE\"; echo over; sleep 60")
    try:
        until(lambda screen: screen.endswith(("$", "#")))
        tmux("send-keys", "stty sze", "Left", "Left", "i", "Enter")
        until(lambda screen: "\n20 90\n" in screen)
        tmux("resize-window", "-x", "70", "-y", "15")
        tmux("send-keys", "until stty size | grep '15 70'; do sleep 0.1; done", "Enter")
        until(lambda screen: "\n15 70\n" in screen and screen.endswith(("$", "#")))
        # A job that speaks has the terminal; before it, the key would be its shell's.
        tmux("send-keys", "sh -c 'echo asleep; exec sleep 100'", "Enter")
        until(lambda screen: "\nasleep" in screen)
        tmux("send-keys", "C-c")
        # What is typed before the shell is back may be dropped, as at a terminal.
        until(lambda screen: "^C" in screen and screen.endswith(("$", "#")))
        tmux("send-keys", "echo st$?ill", "Enter")
        until(lambda screen: "\nst130ill\n" in screen)
        tmux("send-keys", "C-]")
        until(lambda screen: screen.endswith("escape\nover"))
    finally:
        tmux("kill-server")
