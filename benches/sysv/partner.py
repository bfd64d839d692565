"""What the Python contenders share: a partner for ping-pong, and texts to check."""

import os
import signal

import timing as t

SMALL, LARGE, BODY = b"x" * 60, b"x" * (16 << 20), b"x" * 64


def ping_pong(theirs, ours):
    """A child does `theirs` without an end; `ours` does its part a hundred times."""
    pid = os.fork()
    if not pid:
        while True:
            theirs()
    t.often(ours, 100)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def same(got, want):
    if got != want:
        raise SystemExit("another text")
