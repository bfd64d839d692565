"""Ignoring an interrupt for a while, also in the functions that are called from there: the manual's precious.

In Perl: sub precious { local $SIG{INT} = 'IGNORE'; &more_functions; }
"""

import os
import signal

import perlipc as ipc


def more_functions() -> None:
    # interrupts still ignored, for now...
    ipc.kill("INT", os.getpid())
    print("still here:", ipc.SIG["INT"])


def precious() -> None:
    with ipc.local(ipc.SIG, INT="IGNORE"):
        more_functions()


precious()
# What was there before is there again: Python's own default, which raises KeyboardInterrupt.
print("afterwards:", "DEFAULT" if signal.getsignal(signal.SIGINT) is signal.default_int_handler else ipc.SIG["INT"])
