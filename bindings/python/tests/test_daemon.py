"""Daemons: a session of their own, adopted, in "/", deaf and mute."""

import os
import subprocess
import sys
import threading

import perlipc as ipc
import pytest

PROGRAM = """
import os, perlipc as ipc
reader, writer = os.pipe()
if ipc.daemonize(keep=True, umask=0o27):
    os.close(writer)
    print(os.fdopen(reader).read())
else:
    stdio = {os.readlink(f"/proc/self/fd/{fd}") for fd in range(3)}
    free = os.getsid(0) not in (os.getpid(), int(os.environ["SID"]))
    os.write(writer, repr((os.getcwd(), stdio, free, os.umask(0))).encode())
    os._exit(0)
"""


def test_a_daemon_stands_on_its_own() -> None:
    env = {**os.environ, "SID": str(os.getsid(0))}
    said = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, check=True, timeout=30)
    assert said.stdout.decode().strip() == repr(("/", {"/dev/null"}, True, 0o27))


def test_the_caller_ends_when_it_stands() -> None:
    said = subprocess.run([sys.executable, "-c", "import perlipc as i; i.daemonize(); print('lost')"], timeout=30,
                          capture_output=True)
    assert (said.returncode, said.stdout) == (0, b"")


def test_a_program_without_standard_descriptors_becomes_one_too() -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    code = f"import perlipc as i\nif not i.daemonize(): import os; os.write({writer}, b'daemon')"
    script = f"exec {sys.executable} -c \"$1\" <&- >&- 2>&-"
    subprocess.run(["/bin/sh", "-c", script, "sh", code], close_fds=False, check=True, timeout=30)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        assert said.read() == b"daemon"


def test_what_is_no_mask_is_told_before_anybody_forks() -> None:
    program = "import perlipc as i\ntry: i.daemonize(umask='022')\nfinally: print('here')"
    said = subprocess.run([sys.executable, "-c", program], timeout=30, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (1, "here\n") and "TypeError" in said.stderr


def test_threads_are_refused() -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with pytest.raises(PermissionError):
            ipc.daemonize()
    finally:
        done.set()
        other.join()
