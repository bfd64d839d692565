"""What Python's standard library offers: subprocess."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import timing as t


def run(argv):
    if subprocess.run(argv).returncode:
        raise SystemExit("status")


def capture(argv, want, both=False):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE if both else None)
    if done.returncode or len(done.stdout) != want:
        raise SystemExit("capture")


def lines():
    count = 0
    with subprocess.Popen(t.LINES, stdout=subprocess.PIPE, bufsize=1 << 16) as child:
        for line in child.stdout:
            count += 1
    if child.returncode or count != t.LINE_COUNT:
        raise SystemExit("lines")


t.main({
    "tiny": lambda: t.often(lambda: run(t.TINY)),
    "true": lambda: t.often(lambda: run(t.TRUE)),
    "line": lambda: t.often(lambda: capture(t.LINE, 3)),
    "line_both": lambda: t.often(lambda: capture(t.LINE, 3, True)),
    "bytes": lambda: t.once(1, lambda: capture(t.BYTES, t.BYTE_COUNT)),
    "lines_calls": lambda: t.once(t.LINE_COUNT, lines),
})
