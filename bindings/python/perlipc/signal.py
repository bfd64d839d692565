"""Perl's %SIG over Python's own signal module, which stays the owner of all handlers."""

from __future__ import annotations

import faulthandler
import signal as python
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard, cast

from . import _perlipc
from .cmd import Signal

__all__ = ["SIG", "Disposition", "Handler", "SignalTable", "local", "trap"]

Handler: TypeAlias = Callable[[str], object]
Disposition: TypeAlias = Handler | Literal["IGNORE", "DEFAULT"]

_FAULTS = {python.SIGSEGV, python.SIGBUS, python.SIGFPE, python.SIGILL}
# What faulthandler.enable() takes; the others it takes one by one.
_WITH_FAULTHANDLER: set[int] = {*_FAULTS, python.SIGABRT}
# The C library's own.
_HIDDEN = {32, 33}


def _named(handler: Handler, name: str) -> FunctionType:
    """A handler as Python calls it, around one that takes the signal's name. A function: the quickest to be called."""

    def call(number: int, frame: FrameType | None) -> object:
        return handler(name)

    call.__qualname__ = f"SIG[{name!r}]"
    vars(call)["handler"] = handler
    assert isinstance(call, FunctionType)
    return call


def _is_named(found: object) -> TypeGuard[FunctionType]:
    return isinstance(found, FunctionType) and found.__code__ is _CODE


_CODE = _named(lambda _: None, "").__code__


class _Plain:
    """A handler that was set through Python's signal module, to be called by the signal's name, or set again."""

    def __init__(self, handler: Callable[[int, FrameType | None], Any]) -> None:
        self.handler = handler

    def __call__(self, name: str) -> object:
        return self.handler(_perlipc.signal_number(name), None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plain) and self.handler == other.handler

    def __hash__(self) -> int:
        return hash(self.handler)

    def __repr__(self) -> str:
        return repr(self.handler)


class SignalTable(MutableMapping[Signal, Disposition]):
    """What is done with each signal: Perl's %SIG. There is one, SIG.

    A signal is named "INT" or "SIGINT", or by its number; a handler is called with its short name. "IGNORE" and
    "DEFAULT" are the other two; deleting is DEFAULT. What is set to "IGNORE" here children inherit; what the interpreter
    ignores by itself (PIPE, XFSZ) they do not. It stands on Python's signal module: signal.getsignal() agrees,
    handlers run on the main thread between bytecodes, only the main thread may set them, and what they raise comes out
    of whatever runs there. In addition they run inside the blocking calls of this package, which none of their signals
    slips past.

    >>> import os, perlipc as ipc
    >>> ipc.SIG["USR1"] = lambda name: print("got", name)
    >>> ipc.kill("USR1", os.getpid())
    got USR1
    1
    >>> del ipc.SIG["USR1"]
    >>> ipc.SIG["USR1"]
    'DEFAULT'
    """

    signame: tuple[str, ...]
    signo: dict[str, int]

    def __init__(self) -> None:
        names = _perlipc.signal_names()
        #: The names, with their numbers as the index: Perl's @signame.
        self.signame = tuple({number: name for name, number in reversed(names)}[number] for number in range(65))
        #: The numbers by name, aliases too: Perl's %signo.
        self.signo = dict(names)
        # How many blocks hold each signal back.
        self._held = [0] * 65

    def _hold(self, numbers: list[int], more: int) -> None:
        for number in numbers:
            self._held[number] += more
        _perlipc.signal_hold(sum(1 << (number - 1) for number, held in enumerate(self._held) if held))

    def number(self, signal: Signal) -> int:
        """The number of a signal; KeyError when there is none of that name."""
        try:
            number = int(signal) if isinstance(signal, int) else _perlipc.signal_number(signal)
        except (TypeError, ValueError):
            raise KeyError(signal) from None
        if not 0 < number <= 64 or number in _HIDDEN:
            raise KeyError(signal)
        return number

    def __getitem__(self, signal: Signal) -> Disposition:
        found = python.getsignal(self.number(signal))
        if found is python.SIG_IGN:
            return "IGNORE"
        if found is python.SIG_DFL:
            return "DEFAULT"
        if _is_named(found):
            return cast(Handler, vars(found)["handler"])
        if callable(found):
            return _Plain(found)
        raise LookupError(f"the handler of {signal} is not Python's")

    # By the names alone: what the handler is may be unknown.
    def __contains__(self, signal: object) -> bool:
        try:
            self.number(cast(Signal, signal))
        except KeyError:
            return False
        return True

    def __setitem__(self, signal: Signal, new: Disposition) -> None:
        number = self.number(signal)
        if new == "IGNORE":
            _put(number, python.SIG_IGN, hand_on=True)
        elif new == "DEFAULT":
            _put(number, python.SIG_DFL)
        elif isinstance(new, _Plain):
            _put(number, new.handler)
        elif not callable(new):
            raise ValueError(f'a handler is a function, "IGNORE" or "DEFAULT", not {new!r}')
        elif number in _FAULTS:
            raise ValueError(f"a handler of {signal} cannot be deferred: it would fault for ever")
        else:
            _put(number, _named(new, self.signame[number]))

    def __delitem__(self, signal: Signal) -> None:
        self[signal] = "DEFAULT"

    def clear(self) -> None:
        """Sets every signal to its default. Perl: %SIG = ()."""
        # A mapping would take out what it has until it is empty, which this never is.
        for number in range(1, len(self.signame)):
            if number not in _HIDDEN and python.getsignal(number) is not python.SIG_DFL:
                self[number] = "DEFAULT"

    def __iter__(self) -> Iterator[Signal]:
        return (name for number, name in enumerate(self.signame) if number and number not in _HIDDEN)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # A mapping would have none; a set of things to wait for takes it as its own tag.
    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return "perlipc.SIG"

    def __reduce__(self) -> str:
        # There is one: a copy is that, and a pickled one the other process's.
        return "SIG"

    def block(self, *signals: Signal) -> AbstractContextManager[None]:
        """Blocks signals in the calling thread, and those that it starts, until the `with` is left.

        What comes meanwhile waits: next() takes it, or its handler gets it at the end.

        >>> import os, perlipc as ipc
        >>> with ipc.SIG.block("USR1"):
        ...     _ = ipc.kill("USR1", os.getpid())
        ...     ipc.SIG.next()
        'USR1'
        """
        return _Blocked(self, [self.number(signal) for signal in signals])

    def fileno(self) -> int:
        """A descriptor for event loops of others: the reading end of a pipe, readable when a signal has come that has a
        handler of SIG. dispatch() runs what is due and empties it. It stays the package's.
        """
        return _perlipc.signal_fd()

    if TYPE_CHECKING:

        @staticmethod
        def dispatch(timeout: float | None = 0.0) -> int: ...
        @staticmethod
        def next(timeout: float | None = None) -> str: ...

    else:
        # As they are compiled: without a Python function around it a look costs next to nothing.
        dispatch = staticmethod(_perlipc.signal_dispatch)
        next = staticmethod(_perlipc.signal_next)


def _put(number: int, handler: Any, hand_on: bool = False) -> None:
    """Sets a handler as Python has it; where it is one of SIG's, the core's stands in front of it. hand_on: that it is
    ignored is the user's wish, not the interpreter's, for children too.
    """
    try:
        python.signal(number, handler)
    except OSError as error:
        assert error.errno is not None
        raise OSError(error.errno, f"signal {SIG.signame[number]}: {error.strerror}") from None
    _perlipc.signal_hand_on(number, hand_on)
    if _is_named(handler):
        _perlipc.signal_front(number)


class _Blocked(AbstractContextManager[None]):
    def __init__(self, table: SignalTable, numbers: list[int]) -> None:
        self.table = table
        self.numbers = numbers
        self.before: set[int] = set()

    def __enter__(self) -> None:
        self.before = set(python.pthread_sigmask(python.SIG_BLOCK, self.numbers))
        self.table._hold(self.numbers, 1)

    def __exit__(self, *exc: object) -> None:
        self.table._hold(self.numbers, -1)
        python.pthread_sigmask(python.SIG_UNBLOCK, set(self.numbers) - self.before)


class _Local(AbstractContextManager[None]):
    def __init__(self, table: SignalTable, new: Mapping[Signal, Disposition]) -> None:
        self.table = table
        self.new = new
        self.saved: list[tuple[int, Any, bool]] = []

    def __enter__(self) -> None:
        try:
            for signal, disposition in self.new.items():
                number = self.table.number(signal)
                was = python.getsignal(number)
                if was is None:
                    raise LookupError(f"the handler of {signal} is not Python's, and could not be put back")
                self.saved.append((number, was, _perlipc.signal_hand_on(number, None)))
                self.table[signal] = disposition
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *exc: object) -> None:
        raised: BaseException | None = None
        while self.saved:
            number, was, hand_on = self.saved[-1]
            try:
                _put(number, was, hand_on)
                self.saved.pop()
            except ValueError:
                # Not on the main thread.
                raise
            except BaseException as error:
                # What has come until now its handler of until now gets first, and may raise: then once more.
                raised = raised or error
        if raised is not None:
            raise raised


def local(
    table: SignalTable, new: Mapping[Signal, Disposition] | None = None, /, **names: Disposition
) -> AbstractContextManager[None]:
    """Changes dispositions until the `with` is left, on whatever way. May be nested.

    >>> import os, perlipc as ipc
    >>> with ipc.local(ipc.SIG, INT="IGNORE"):
    ...     ipc.kill("INT", os.getpid())
    1

    Perl: local $SIG{X}.
    """
    both: dict[Signal, Disposition] = dict(new or {})
    both.update(names)
    return _Local(table, both)


def trap(*words: str, handler: Handler | None = None) -> None:
    """Deadly signals end the program in good order.

    The words are names of signals and Perl's: "normal-signals" (HUP INT PIPE TERM), "error-signals" (ABRT BUS FPE ILL QUIT
    SEGV SYS TRAP), "old-interface-signals" (the latter with PIPE and TERM; also when nothing is named); "untrapped" (of
    what follows, only what is at its default), "any" (all again).

    Without a handler, Python's traceback (faulthandler) and the C return addresses are written to standard error, by
    what may be called inside a signal; then the signal takes its default course, so that whoever waits sees it. That
    works for faults too, and while the interpreter is stuck; Python's signal module does not know of it.

    With one, it is called as by SIG, and may raise (SystemExit, say), so that `finally` and `with` tidy up. SEGV, BUS, FPE
    and ILL are then refused.

    >>> import perlipc as ipc
    >>> ipc.trap("HUP", "TERM", handler=lambda name: exit(f"ended by {name}"))
    >>> del ipc.SIG["HUP"], ipc.SIG["TERM"]

    Perl: use sigtrap.
    """
    chosen = _perlipc.signal_trappable(" ".join(words))
    if handler is not None:
        if faults := [SIG.signame[number] for number in chosen if number in _FAULTS]:
            raise ValueError(f"a handler of {', '.join(faults)} cannot be deferred: it would fault for ever")
        for number in chosen:
            SIG[number] = handler
        return
    _perlipc.signal_trap(" ".join(SIG.signame[number] for number in chosen))
    if _WITH_FAULTHANDLER.intersection(chosen):
        # It restores what was before, ours, and raises the signal once more.
        faulthandler.disable()
        faulthandler.enable(file=2)
    for number in set(chosen) - _WITH_FAULTHANDLER:
        faulthandler.register(number, file=2, all_threads=False, chain=True)


SIG = SignalTable()
"""What is done with each signal: Perl's %SIG."""
