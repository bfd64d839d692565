"""pexpect; searches beyond 1 MiB without a window would take minutes."""

import sys

# This file has its name.
sys.path.pop(0)
import pexpect  # noqa: E402
import teller  # noqa: E402
import timing as t  # noqa: E402


def start(argv, **options):
    return pexpect.spawn(argv[0], argv[1:], echo=False, timeout=None, maxread=65536, **options)


def spawn():
    child = start(teller.HI)
    if child.read() != b"hi\r\n":
        raise SystemExit("spawn")
    child.close()
    if child.exitstatus != 0:
        raise SystemExit("status")


def talk():
    child = start(teller.ANSWER)

    def once():
        child.send(b"ping\n")
        child.expect_exact(b"pong\r\n")

    child.delaybeforesend = None
    t.often(once)


def finder(window):
    def find(mib, regex):
        child = start(teller.flood(mib), searchwindowsize=window)
        if regex:
            child.expect(rb"n[e]+dle(\d+)\r")
        else:
            child.expect_exact(b"needle42")
        child.expect(pexpect.EOF)
        child.close()

    return find


whole, window = teller.searches(finder(None)), teller.searches(finder(4096))
t.main({
    "spawn": lambda: t.often(spawn),
    "talk": talk,
    **{name: whole[name] for name in ("fixed_1", "regex_1")},
    **{f"{name}_window": window[name] for name in ("fixed_1", "regex_1", "fixed_32", "regex_32")},
})
