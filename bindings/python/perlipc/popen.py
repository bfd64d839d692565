"""Perl's pipe opens: a command's output or input as a stream, and the forms that fork."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Unpack, overload

from . import _perlipc
from ._perlipc import Stream
from .child import run
from .cmd import Arg, Mode, Options

__all__ = ["fork_open", "open"]

_Source = Sequence[Arg] | str | Callable[[], int | None] | None


@overload
def open(
    spec: str | Mode,
    command: _Source = None,
    *,
    check: bool = False,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> Stream[bytes]: ...
@overload
def open(
    spec: str | Mode, command: _Source = None, *, check: bool = False, text: Literal[True], **options: Unpack[Options]
) -> Stream[str]: ...
def open(
    spec: str, command: _Source = None, *, check: bool = False, text: bool = False, **options: Any
) -> Stream[Any]:
    """Starts a command and gives the other end of its output or input: Perl's pipe open.

    open("cmd |") reads from a command, open("| cmd") writes to one; open("-|", command) and open("|-", command) do the
    same with the command apart. A str follows Perl's shell rule, a sequence never meets a shell, and a function runs in
    a forked child with its standard output or input on the pipe. text=True gives str in place of bytes.

    A command that is run directly and cannot be executed is an OSError here; behind a shell it shows as status 127.
    close() waits and gives the status; with check=True it raises ChildError unless that is ok. Blocks for as long as
    starting a program takes.

    >>> import perlipc as ipc
    >>> with ipc.open("echo one; echo two |", text=True) as lines:
    ...     [line.rstrip() for line in lines]
    ['one', 'two']
    >>> with ipc.open("|-", ["cat"]) as kid:
    ...     kid.write(b"")
    0
    >>> kid.status.ok
    True
    """
    if callable(command):
        if options:
            raise TypeError(f"a function that is forked takes no option {next(iter(options))!r}")
        stream = _perlipc.fork_open(spec, check=check, text=text)
        if stream is None:
            run(command)
        return stream
    return _perlipc.open(spec, command, check=check, text=text, **options)


@overload
def fork_open(mode: Mode, *, threads_ok: bool = False, text: Literal[False] = False) -> Stream[bytes] | None: ...
@overload
def fork_open(mode: Mode, *, threads_ok: bool = False, text: Literal[True]) -> Stream[str] | None: ...
def fork_open(mode: Mode, *, threads_ok: bool = False, text: bool = False) -> Stream[Any] | None:
    """Forks with a pipe between the two: a stream, and None in the child. Perl's open(FH, "-|") and open(FH, "|-").

    With "-|" the stream reads what the child writes to its standard output, with "|-" the child reads from its standard
    input what is written to the stream. What is buffered for the standard output and error is written before.

    A process with several threads is refused (RuntimeError) unless threads_ok: what other threads had locked stays
    locked in the child for ever.
    """
    return _perlipc.fork_open(mode, threads_ok=threads_ok, text=text)
