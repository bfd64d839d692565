"""What Python's standard library offers: subprocess."""

import subprocess

import children
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
    with subprocess.Popen(children.LINES, stdout=subprocess.PIPE, bufsize=1 << 16) as child:
        for line in child.stdout:
            count += 1
    if child.returncode or count != children.LINE_COUNT:
        raise SystemExit("lines")


def words():
    with subprocess.Popen(children.LINES, stdout=subprocess.PIPE, bufsize=1 << 16) as child:
        found = len([line for line in child.stdout if b"line" in line])
    if child.returncode or not found:
        raise SystemExit("words")


def fields():
    count = 0
    with subprocess.Popen(children.LINES, stdout=subprocess.PIPE, bufsize=1 << 16) as child:
        for line in child.stdout:
            count += 1 if line.split() else 0
    if child.returncode or count != children.LINE_COUNT:
        raise SystemExit("lines")


t.main({
    "tiny": lambda: t.often(lambda: run(children.TINY)),
    "true": lambda: t.often(lambda: run(children.TRUE)),
    "line": lambda: t.often(lambda: capture(children.LINE, 3)),
    "line_both": lambda: t.often(lambda: capture(children.LINE, 3, True)),
    "bytes": lambda: t.once(1, lambda: capture(children.BYTES, children.BYTE_COUNT)),
    "lines_calls": lambda: t.once(children.LINE_COUNT, lines),
    "lines_grep": lambda: t.once(children.LINE_COUNT, words),
    "lines_split": lambda: t.once(children.LINE_COUNT, fields),
})
