"""perlipc from Python, as a user would write it."""

import re

import perlipc as ipc
import teller
import timing as t


def spawn():
    with ipc.open_pty(teller.HI) as pty:
        if pty.read() != b"hi\n":
            raise SystemExit("spawn")
    if not pty.status.ok:
        raise SystemExit("status")


def talk():
    pty = ipc.open_pty(teller.ANSWER)
    pong = ipc.Expect(b"pong\n")

    def once():
        pty.write(b"ping\n")
        pty.expect(pong)

    t.often(once)


def find(mib, regex):
    needle = ipc.Expect(re.compile(rb"n[e]+dle(\d+)") if regex else b"needle42", window=1 << 16)
    with ipc.open_pty(teller.flood(mib)) as pty:
        if pty.expect(needle, timeout=None).match != b"needle42":
            raise SystemExit("match")
        pty.read()
    teller.small()


t.main({"spawn": lambda: t.often(spawn), "talk": talk, **teller.searches(find)})
