"""A safe pipe open for writing: a sequence, no shell. The manual traps ALRM where it means PIPE; here a pipe that breaks is
a BrokenPipeError of the write.
"""

import sys

import perlipc as ipc

kid_to_write = ipc.open("|-", ["tr", "a-z", "A-Z"], text=True)
try:
    for data in ("one\n", "$(two)\n", "three\n"):
        kid_to_write.write(data)
except BrokenPipeError:
    print("whoops, tr pipe broke", file=sys.stderr)
status = kid_to_write.close()
if status != 0:
    print("kid exited", status)
