"""Perl's `use sigtrap`: what ends a program from outside becomes an exception, so that `finally` and `with` tidy up; what
the program does wrong itself is told with a stack trace, and whoever waits sees the signal.
"""

import os

import perlipc as ipc


def end(signame: str) -> None:
    raise SystemExit(128 + ipc.SIG.signo[signame])


ipc.trap("stack-trace", "error-signals")
ipc.trap("normal-signals", handler=end)
try:
    ipc.kill("TERM", os.getpid())
finally:
    print("tidying up ...")
