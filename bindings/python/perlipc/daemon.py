"""Complete dissociation of a process from what started it."""

import errno
import fcntl
import os
import sys

from .child import flush


def daemonize(*, chdir: bool = True, close: bool = True, umask: int | None = None, keep: bool = False) -> bool:
    """Become a daemon: a new session without a terminal and without a way to get one, in "/", 0, 1 and 2 on /dev/null.

    The calling process ends with code 0 (without its exit handlers) as soon as the daemon stands; with keep=True it goes
    on, and True is returned there. The daemon gets False. chdir=False stays in the directory, close=False leaves 0, 1
    and 2 alone, umask sets the mask. OSError when there is no daemon, PermissionError in a process with several threads,
    of which the daemon would have one only. Blocks until the daemon stands.

    Perl: fork, setsid, fork, chdir "/", open STDIN, "/dev/null".
    """
    threading = sys.modules.get("threading")
    if threading and threading.active_count() > 1:
        raise PermissionError(errno.EPERM, "daemonize: the process has several threads")
    # What is no number is told here, and not in the daemon.
    umask = None if umask is None else umask & 0o777
    flush()
    reader, writer = map(_above, os.pipe())
    middle = os.fork()
    if middle:
        os.close(writer)
        with os.fdopen(reader, "rb") as note:
            told = note.read()
        os.waitpid(middle, 0)
        if told != b"0":
            number = int(told or errno.ECHILD)
            raise OSError(number, f"daemonize: {os.strerror(number)}")
        if keep:
            return True
        os._exit(0)
    os.close(reader)
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        if chdir:
            os.chdir("/")
        if umask is not None:
            os.umask(umask)
        if close:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            if null > 2:
                os.close(null)
    except OSError as error:
        os.write(writer, str(error.errno).encode())
        os._exit(1)
    os.write(writer, b"0")
    os.close(writer)
    return False


def _above(fd: int) -> int:
    """The same above 2: where a standard one is closed, a pipe would be there, and what the daemon gets would close it."""
    if fd > 2:
        return fd
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(fd)
