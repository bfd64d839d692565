"""A command whose arguments no shell gets its hands on, read line by line: the manual's safe backtick.

There the kid of a fork form gives up its privileges and execs; a sequence needs no fork of one's own, and a program that
cannot be run is an error of the open.
"""

import perlipc as ipc

with ipc.open("-|", ["printf", "%s\\n", "$(rm -rf /)", "`id`", "; exit 3"], text=True) as kid_to_read:
    for line in kid_to_read:
        print("got:", line, end="")  # do something interesting
if kid_to_read.status != 0:
    print("kid exited", kid_to_read.status)
