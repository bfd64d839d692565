"""perlipc from Python, as a user would write it."""

import perlipc as ipc
import children
import timing as t


def run(argv):
    if not ipc.start(argv).wait().ok:
        raise SystemExit("status")


def capture(argv, want, **options):
    if len(ipc.qx(argv, **options)) != want:
        raise SystemExit("capture")


def lines():
    with ipc.open("-|", children.LINES) as stream:
        count = 0
        for line in stream:
            count += 1
    if count != children.LINE_COUNT:
        raise SystemExit("lines")


def bulk():
    with ipc.open("-|", children.LINES) as stream:
        if stream.count_lines() != children.LINE_COUNT:
            raise SystemExit("lines")


def taken():
    count = 0
    with ipc.open("-|", children.LINES) as stream:
        while some := stream.take(10_000):
            count += len(some)
    if count != children.LINE_COUNT:
        raise SystemExit("lines")


WORD_COUNT = children.LINE_COUNT // 7


def words():
    with ipc.open("-|", children.LINES) as stream:
        found = len(stream.grep(b"line"))
    if abs(found - WORD_COUNT) > 10_000:
        raise SystemExit("words")


def words_loop():
    with ipc.open("-|", children.LINES) as stream:
        found = len([line for line in stream if b"line" in line])
    if abs(found - WORD_COUNT) > 10_000:
        raise SystemExit("words")


def fields():
    count = 0
    with ipc.open("-|", children.LINES) as stream:
        while rows := stream.split(n=1_000):
            count += len(rows)
    if count != children.LINE_COUNT:
        raise SystemExit("lines")


def fields_loop():
    count = 0
    with ipc.open("-|", children.LINES) as stream:
        for line in stream:
            count += 1 if line.split() else 0
    if count != children.LINE_COUNT:
        raise SystemExit("lines")


t.main({
    "tiny": lambda: t.often(lambda: run(children.TINY)),
    "true": lambda: t.often(lambda: run(children.TRUE)),
    "line": lambda: t.often(lambda: capture(children.LINE, 3, stderr="inherit")),
    "line_both": lambda: t.often(lambda: capture(children.LINE, 3)),
    "bytes": lambda: t.once(1, lambda: capture(children.BYTES, children.BYTE_COUNT, stderr="inherit")),
    "bytes_socket": lambda: t.once(1, lambda: capture(children.BYTES, children.BYTE_COUNT, stderr="inherit", stdout="socket")),
    "lines_calls": lambda: t.once(children.LINE_COUNT, lines),
    "lines_calls_take": lambda: t.once(children.LINE_COUNT, taken),
    "lines_calls_count": lambda: t.once(children.LINE_COUNT, bulk),
    "lines_grep": lambda: t.once(children.LINE_COUNT, words),
    "lines_grep_loop": lambda: t.once(children.LINE_COUNT, words_loop),
    "lines_split": lambda: t.once(children.LINE_COUNT, fields),
    "lines_split_loop": lambda: t.once(children.LINE_COUNT, fields_loop),
})
