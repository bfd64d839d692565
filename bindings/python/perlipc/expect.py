"""What an expect raises, and the pattern for the end."""

from __future__ import annotations

import errno
from typing import Any

__all__ = ["EOF", "ExpectEOF", "ExpectTimeout"]


class EOF:
    """As a pattern of Stream.expect: the end of the stream counts as found."""


class ExpectTimeout(TimeoutError):
    """The time was over before a pattern was found; before is what is unread, and stays so."""

    before: bytes | str

    def __init__(self, before: bytes | str) -> None:
        super().__init__(errno.ETIMEDOUT, f"expect: timed out after {before[-200:]!r}")
        self.before = before

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.before,)


class ExpectEOF(EOFError):
    """The stream ended before a pattern was found; before is what is unread, and stays so."""

    before: bytes | str

    def __init__(self, before: bytes | str) -> None:
        super().__init__(f"expect: the end after {before[-200:]!r}")
        self.before = before

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.before,)
