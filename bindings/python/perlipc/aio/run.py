"""Commands that are run to their end."""

from __future__ import annotations

import os
from typing import Any, Literal, Unpack, overload

from .. import _perlipc
from .._perlipc import Result, Status
from ..cmd import Command, Options
from ..error import ChildError, CommandTimeout
from .child import ending, start
from .popen import open3
from .stream import Stream


@overload
async def capture(
    command: Command,
    input: bytes | None = None,
    *,
    timeout: float | None = None,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> Result[bytes]: ...
@overload
async def capture(
    command: Command,
    input: str | None = None,
    *,
    timeout: float | None = None,
    text: Literal[True],
    **options: Unpack[Options],
) -> Result[str]: ...
async def capture(
    command: Command, input: Any = None, *, timeout: float | None = None, text: bool = False, **options: Any
) -> Result[Any]:
    """Runs a command with its input fed and both outputs drained at once: see perlipc.capture.

    When timeout seconds are over, or the task is cancelled, the command and all that descend from it are ended (TERM, grace
    seconds, KILL); at the timeout the Result has what came until then, with timed_out True.
    """
    if input is None:
        options.setdefault("stdin", "inherit")
    elif text:
        input = input.encode("utf-8", "surrogateescape")
    async with await open3(command, **options) as kid:
        result = await ending(kid.child, options, kid.communicate(input), timeout)
        if result is None:
            status, fed = await kid.child.wait(), 0
            stdout, stderr = _heard(kid.reader), _heard(kid.error)
        else:
            status, fed, stdout, stderr = result.status, result.fed, result.stdout, result.stderr
        if text:
            return _perlipc.result(status, _decoded(stdout), _decoded(stderr), timed_out=result is None, fed=fed)
        return _perlipc.result(status, stdout, stderr, timed_out=result is None, fed=fed)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _heard(stream: Stream[bytes] | None) -> Any:
    """What has come until now."""
    if stream is None or stream.closed:
        return b""
    try:
        while stream.sync._fill():
            pass
    except TimeoutError:
        pass
    size = stream.sync._buffered()
    return stream.sync.read(size) if size else b""


@overload
async def qx(
    command: Command,
    *,
    check: bool = True,
    timeout: float | None = None,
    text: Literal[False] = False,
    **options: Unpack[Options],
) -> bytes: ...
@overload
async def qx(
    command: Command, *, check: bool = True, timeout: float | None = None, text: Literal[True], **options: Unpack[Options]
) -> str: ...
async def qx(
    command: Command, *, check: bool = True, timeout: float | None = None, text: bool = False, **options: Any
) -> Any:
    """What a command says on its standard output: see perlipc.qx. Unless it exits with 0, ChildError; check=False takes any
    status. What it says on its standard error goes to this process's, or into the ChildError.
    """
    if not check:
        options.setdefault("stderr", "inherit")
    result: Result[Any] = await capture(command, timeout=timeout, text=text, **options)  # type: ignore[call-overload]
    if result.timed_out:
        raise CommandTimeout(command, result.status, result.stdout, result.stderr)
    if check and not result.status.ok:
        raise ChildError(command, result.status, result.stdout, result.stderr)
    if result.stderr:
        said = result.stderr
        os.write(2, said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said)
    return result.stdout


async def system(command: Command, *, timeout: float | None = None, **options: Unpack[Options]) -> Status:
    """Runs a command and waits for it: its status. At the timeout it is ended with all that descend from it, and
    CommandTimeout is raised; likewise it is ended when the task is cancelled. INT and QUIT stay the loop's.
    """
    child = await start(command, **options)
    status = await ending(child, options, child.wait(), timeout)
    if status is None:
        raise CommandTimeout(command, await child.wait())
    return status
