"""The types of what can be run, and how: commands and the keywords of every call that starts a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Literal, Protocol, TypeAlias, TypedDict, Union

__all__ = ["Arg", "Command", "HasFileno", "Mode", "Options", "Redirect", "Signal"]


class HasFileno(Protocol):
    """A file, a socket, a stream: what has a descriptor."""

    def fileno(self) -> int: ...


Arg: TypeAlias = Union[str, bytes, "PathLike[str]", "PathLike[bytes]"]
# A str follows Perl's shell rule, a sequence never meets a shell.
Command: TypeAlias = str | Sequence[Arg]
# Reads from a command, writes to one.
Mode: TypeAlias = Literal["-|"] | Literal["|-"]
# "TERM", "SIGTERM", 15, signal.SIGTERM.
Signal: TypeAlias = str | int
# "null", "inherit", "close", "socket", "tty", "<path", ">path", ">>path", "+<path", "&1"; a descriptor; a file.
Redirect: TypeAlias = str | bytes | int | HasFileno


class Options(TypedDict, total=False):
    """The keywords of every call that starts a program."""

    cwd: Arg | None
    env: Mapping[str, str] | Mapping[bytes, bytes] | None
    argv0: Arg
    umask: int
    fds: Mapping[int, int]
    stdin: Redirect
    stdout: Redirect
    stderr: Redirect
    user: str | int | None
    group: str | int | None
    groups: Sequence[str | int] | None
    session: bool
    process_group: int | None
    rlimits: Mapping[str, int | tuple[int, int]]
    die_with_parent: bool
    taint: bool
    clean: bool
    grace: float
