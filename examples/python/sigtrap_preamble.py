"""Perl's `use sigtrap`, as Python has it: faulthandler for the faults, and handlers that raise for the others, so that
`finally` and `with` tidy up. See sigtrap_preamble.c for the call that does both in C.
"""

import faulthandler
import os

import perlipc as ipc


def end(signame: str) -> None:
    raise SystemExit(128 + ipc.SIG.signo[signame])


faulthandler.enable()
for name in ("HUP", "TERM", "PIPE"):
    ipc.SIG[name] = end
try:
    ipc.kill("TERM", os.getpid())
finally:
    print("tidying up ...")
