"""What is raised for a command that did not end well. All other failures are Python's own OSError and ValueError."""

from __future__ import annotations

import errno
from typing import Any

from ._perlipc import Status
from .cmd import Command

__all__ = ["ChildError", "CommandTimeout"]

_TAIL = 2000


def _text(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "backslashreplace")


class ChildError(Exception):
    """A command did not end with status 0: Perl's `die if $?`.

    status says how it ended, command is what was run (None where only a status was looked at), stdout and stderr are
    what it said, as far as that was captured.
    """

    command: Command | None
    status: Status
    stdout: bytes | str
    stderr: bytes | str

    def __init__(
        self,
        command: Command | None,
        status: Status,
        stdout: bytes | str = b"",
        stderr: bytes | str = b"",
    ) -> None:
        # Not by super(): OSError, a base of CommandTimeout, would take the first two for errno and text.
        Exception.__init__(self, command, status, stdout, stderr)
        self.command = command
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    def __str__(self) -> str:
        what = "the child" if self.command is None else repr(self.command)
        text = f"{what}: {self._how()}"
        said = _text(self.stderr).strip()
        if len(said) > _TAIL:
            said = "... " + said[-_TAIL:]
        return f"{text}\n{said}" if said else text

    def _how(self) -> str:
        return str(self.status)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.command, self.status, self.stdout, self.stderr)


class CommandTimeout(ChildError, TimeoutError):
    """A command's time was over and its processes were ended; what came until then is in stdout and stderr."""

    def __init__(
        self,
        command: Command | None,
        status: Status,
        stdout: bytes | str = b"",
        stderr: bytes | str = b"",
    ) -> None:
        super().__init__(command, status, stdout, stderr)
        self.errno = errno.ETIMEDOUT
        self.strerror = "timed out"

    def _how(self) -> str:
        return f"timed out ({self.status})"
