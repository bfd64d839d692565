"""Perl's pipe opens: a command's output or input as a stream, and the forms that fork."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, AnyStr, Generic, Literal, Unpack, overload

from . import _perlipc
from ._perlipc import Child, Poll, Result, Stream
from .child import run
from .cmd import Arg, Command, Mode, Options

__all__ = ["Duplex", "fork_open", "fork_open2", "fork_open3", "open", "open2", "open3"]

# How many lines may be told before both streams are looked at again.
_TURN = 256
# As much as a pipe holds.
_PIPE = 65536
# Beyond that a clock, or a loop, cannot count.
_LONG = 1e9

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
        _refuse_options(options)
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


class Duplex(Generic[AnyStr]):
    """The streams to a command from open2 and open3: reader, writer and error, and the child.

    It unpacks as Perl's calls give it: open2 reader, writer, pid; open3 writer, reader, error, pid. A descriptor that the
    command was given otherwise (stdin=, stdout=, stderr=) has no stream: None. Closing the last stream waits for the child.
    As a context manager all are closed at the end; leaving on an exception ends the child.
    """

    reader: Stream[AnyStr]
    writer: Stream[AnyStr]
    error: Stream[AnyStr] | None
    child: Child

    def __init__(self, streams: tuple[Any, Any, Any, Child], text: bool, order: str) -> None:
        self.writer, self.reader, self.error, self.child = streams
        self._text = text
        self._order = order

    def __iter__(self) -> Iterator[Any]:
        if self._order == "open2":
            return iter((self.reader, self.writer, self.child.pid))
        return iter((self.writer, self.reader, self.error, self.child.pid))

    def communicate(self, input: AnyStr | None = None, *, timeout: float | None = None) -> Result[AnyStr]:
        """Writes all of input and closes the writer, while it keeps all that comes, until the child has ended: a Result.

        Full pipes cannot stand in the way. When timeout seconds are over, the Result has what came until then, with
        timed_out True: the child runs on, or has left somebody behind who has the pipe, and it can be called again with the
        rest of the input, from .fed bytes on. What a signal handler raises comes out with the same Result as its attribute
        .result; so does the error when another thread cancels (OSError, ECANCELED) or closes (ValueError) one of the streams
        meanwhile.
        """
        return _perlipc.feed(self.writer, self.reader, self.error, input, timeout, self._text)

    def lines(self, *, timeout: float | None = None) -> Iterator[tuple[Literal["out", "err"], AnyStr]]:
        """The lines of the output and of the errors as they come, each with "out" or "err", until both have ended.

        What the command reads is not written by this: write and close the writer before, or from another thread, if it
        waits for that. TimeoutError when timeout seconds are over in all, however much comes; what was read then is not lost,
        and it can be called again. It does not wait for the child: close() does.

        >>> import perlipc as ipc
        >>> kid = ipc.open3("echo one; echo two >&2", text=True)
        >>> sorted(kid.lines())
        [('err', 'two\\n'), ('out', 'one\\n')]
        >>> kid.close()
        Status(exited with 0)
        """
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"a time limit is not negative: {timeout}")
        end = None if timeout is None or timeout > _LONG else time.monotonic() + timeout
        # Without any time what has come is told all the same, but not for ever.
        spare = _PIPE if timeout == 0 else 0
        both: tuple[tuple[Literal["out", "err"], Stream[AnyStr] | None], ...] = (("out", self.reader), ("err", self.error))
        sources = {name: stream for name, stream in both if stream is not None and not stream.closed}
        with Poll() as poll:
            for name, stream in sources.items():
                poll.add(stream, Poll.LINE, name)
            while poll.next(None if end is None else max(0.0, end - time.monotonic())):
                ahead = list(sources.items())
                for _ in range(_TURN):
                    for name, stream in ahead:
                        if line := stream._line_ahead():
                            yield name, line
                            if end is not None:
                                spare -= len(line)
                                if spare <= 0 and time.monotonic() >= end:
                                    raise TimeoutError(errno.ETIMEDOUT, "lines: timed out")
                            continue
                        # Nothing comes ahead of a stream but by the set.
                        ahead = [one for one in ahead if one[0] != name]
                        if line is not None:
                            del sources[name]
                            poll.remove(name)
                    if not ahead:
                        break

    def close(self) -> _perlipc.Status | None:
        """Closes all the streams and waits for the child: its status."""
        # The writer first; where that fails the others are closed all the same.
        with ExitStack() as rest:
            for stream in (self.error, self.reader, self.writer):
                if stream is not None:
                    rest.callback(stream.close)
        return self.child.status

    def __repr__(self) -> str:
        return f"<perlipc.Duplex reader={self.reader!r} writer={self.writer!r} error={self.error!r}>"

    def __enter__(self) -> Duplex[AnyStr]:
        return self

    def __exit__(self, *exc: Any) -> None:
        with ExitStack() as rest:
            for stream in (self.error, self.reader, self.writer):
                if stream is not None:
                    rest.callback(stream.__exit__, *exc)


_Target = Callable[[], int | None]


@overload
def open2(
    command: Command | _Target, *, text: Literal[False] = False, **options: Unpack[Options]
) -> Duplex[bytes]: ...
@overload
def open2(command: Command | _Target, *, text: Literal[True], **options: Unpack[Options]) -> Duplex[str]: ...
def open2(command: Command | _Target, *, text: bool = False, **options: Any) -> Duplex[Any]:
    """Starts a command with its output to read and its input to write: a Duplex. Perl's open2.

    Its standard error is this process's. Each write goes out at once; for a program that holds its output back on pipes
    say stdout="tty". What cannot be executed is an OSError here. A function runs in a forked child.

    >>> import perlipc as ipc
    >>> reader, writer, pid = ipc.open2(["cat", "-u", "-n"])
    >>> writer.write(b"stuff\\n")
    6
    >>> reader.readline()
    b'     1\\tstuff\\n'
    >>> writer.close()
    >>> reader.close()
    Status(exited with 0)
    """
    if callable(command):
        _refuse_options(options)
        return _forked(command, _perlipc.fork_open2(text=text), text, "open2")
    _refuse_dash(command, "open2")
    return Duplex(_perlipc.open2(command, text=text, **options), text, "open2")


@overload
def open3(
    command: Command | _Target, *, merge: bool = False, text: Literal[False] = False, **options: Unpack[Options]
) -> Duplex[bytes]: ...
@overload
def open3(
    command: Command | _Target, *, merge: bool = False, text: Literal[True], **options: Unpack[Options]
) -> Duplex[str]: ...
def open3(command: Command | _Target, *, merge: bool = False, text: bool = False, **options: Any) -> Duplex[Any]:
    """Starts a command with all three of its standard descriptors on streams: a Duplex. Perl's open3.

    With merge=True the errors come with the output. A descriptor that is given otherwise, stdin=file say, has no stream.
    A function runs in a forked child.

    >>> import perlipc as ipc
    >>> ipc.open3("cat; echo oops >&2").communicate(b"hello").stderr
    b'oops\\n'
    """
    if callable(command):
        _refuse_options(options)
        return _forked(command, _perlipc.fork_open3(merge=merge, text=text), text, "open3")
    _refuse_dash(command, "open3")
    return Duplex(_perlipc.open3(command, merge=merge, text=text, **options), text, "open3")


@overload
def fork_open2(*, threads_ok: bool = False, text: Literal[False] = False) -> Duplex[bytes] | None: ...
@overload
def fork_open2(*, threads_ok: bool = False, text: Literal[True]) -> Duplex[str] | None: ...
def fork_open2(*, threads_ok: bool = False, text: bool = False) -> Duplex[Any] | None:
    """Forks with the child's standard input and output on streams: a Duplex, and None in the child. Perl's open2 with "-".

    Threads are as fork_open says.
    """
    streams = _perlipc.fork_open2(threads_ok=threads_ok, text=text)
    return None if streams is None else Duplex(streams, text, "open2")


@overload
def fork_open3(
    *, merge: bool = False, threads_ok: bool = False, text: Literal[False] = False
) -> Duplex[bytes] | None: ...
@overload
def fork_open3(*, merge: bool = False, threads_ok: bool = False, text: Literal[True]) -> Duplex[str] | None: ...
def fork_open3(*, merge: bool = False, threads_ok: bool = False, text: bool = False) -> Duplex[Any] | None:
    """Forks with all three of the child's standard descriptors on streams: a Duplex, and None in the child. Perl's open3
    with "-".

    With merge=True the errors come with the output. Threads are as fork_open says.
    """
    streams = _perlipc.fork_open3(merge=merge, threads_ok=threads_ok, text=text)
    return None if streams is None else Duplex(streams, text, "open3")


def _forked(target: _Target, streams: Any, text: bool, order: str) -> Duplex[Any]:
    if streams is None:
        run(target)
    return Duplex(streams, text, order)


def _refuse_options(options: dict[str, Any]) -> None:
    if options:
        raise TypeError(f"a function that is forked takes no option {next(iter(options))!r}")


def _refuse_dash(command: object, name: str) -> None:
    if command == "-":
        raise TypeError(f"{name}('-') forks: that is fork_{name}()")
