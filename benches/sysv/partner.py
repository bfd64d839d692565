"""What the Python contenders share: loops over two operations, and a partner for ping-pong."""

import os
import signal

import timing as t

SMALL, LARGE, BODY = b"x" * 60, b"x" * (16 << 20), b"x" * 64


def pair(first, second, count=1000):
    def both():
        for _ in range(count):
            first()
            second()

    t.often(both, count)


def ping_pong(theirs, ours, count=100):
    """A child does its two operations without an end."""
    pid = os.fork()
    if not pid:
        first, second = theirs
        while True:
            first()
            second()
    pair(*ours, count)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def same(got, want):
    if got != want:
        raise SystemExit("another text")
