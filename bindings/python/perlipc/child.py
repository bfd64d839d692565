"""Perl's fork, and how a forked child that runs a function ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn, TextIO, overload

from . import _perlipc
from ._perlipc import Child

__all__ = ["fork"]


@overload
def fork(target: None = None, /) -> Child | None: ...
@overload
def fork(target: Callable[..., int | None], /, *args: object) -> Child: ...
def fork(target: Callable[..., int | None] | None = None, /, *args: object) -> Child | None:
    """Forks: gives the Child, and None in the child itself. Perl's fork.

    With a target the child runs target(*args) and ends with what it returns (None is 0), without going back to the
    caller: open files are flushed only where they are the standard output and error, and no atexit function runs. An
    exception ends it with a traceback and, as Perl's die, with its errno if it is an OSError, else with 255.

    It goes through os.fork, and so runs what os.register_at_fork has noted. What is buffered for the standard output
    and error is written before. A child that ends at once is known all the same: it waits until the parent holds it.

    >>> import perlipc as ipc
    >>> ipc.fork(lambda: 7).wait()
    Status(exited with 7)
    """
    child = _perlipc.fork()
    if child is None and target is not None:
        run(target, *args)
    return child


def run(target: Callable[..., int | None], *args: object) -> NoReturn:
    """Runs the function in a forked child, which ends with it."""
    code = 255
    try:
        code = _code(target, args)
    finally:
        # Whatever happened: never back into the parent's code.
        os._exit(code)


def _code(target: Callable[..., int | None], args: tuple[object, ...]) -> int:
    try:
        try:
            code = _number(target(*args))
        except SystemExit as ended:
            code = _exit_code(ended.code)
        # Waits for the child's threads, as the interpreter does. threading is not imported for it: its own work in
        # each forked child takes longer than all of ours.
        if threading := sys.modules.get("threading"):
            threading._shutdown()
        flush()
        return code
    except KeyboardInterrupt:
        # So that the parent sees what it was.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return 128 + signal.SIGINT
    except BaseException as error:
        _tell(error)
        try:
            flush()
        except (OSError, ValueError):
            pass
        number = error.errno if isinstance(error, OSError) else None
        return number if number and 0 < number < 256 else 255


def flush() -> None:
    """The standard output and error, as the interpreter does at its end: what is closed, or is none because the program
    was started without it, holds nothing."""
    try:
        _flush(sys.stdout)
    finally:
        _flush(sys.stderr)


def _flush(stream: TextIO | None) -> None:
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


def _tell(error: BaseException) -> None:
    """As the interpreter tells what ends it."""
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except BaseException as wrong:
        sys.__excepthook__(type(wrong), wrong, wrong.__traceback__)


def _number(result: object) -> int:
    if result is None:
        return 0
    if isinstance(result, int):
        return result & 0xFF
    raise TypeError(f"a forked function returns its exit code, an int or None, not {type(result).__name__}")


def _exit_code(code: object) -> int:
    if code is None or isinstance(code, int):
        return _number(code)
    print(code, file=sys.stderr)
    return 1
