"""The manual's .signature: a named pipe with a program on the other end, so that each reader gets a new one. Until TERM.

In the manual the pipe may be written by everybody; here it is the user's. A reader that goes away early is an error of the
write, and no deadly signal.

python signature_fifo.py ~/.signature & cat ~/.signature
"""

import sys
from pathlib import Path

import perlipc as ipc

path = Path(sys.argv[1] if len(sys.argv) > 1 else ".signature")
while True:
    # Has anyone (or anything) accidentally removed our FIFO?
    if not ipc.is_fifo(path):
        path.unlink(missing_ok=True)
        ipc.mkfifo(path)
    try:
        with ipc.open_fifo(path, ">", text=True) as fifo:  # blocks until there's a reader
            fifo.write("John Smith (smith@host.org)\n" + ipc.qx("fortune -s || date", text=True))
    except BrokenPipeError as error:
        print("a reader went away:", error, file=sys.stderr)
    ipc.sleep(0.2)  # to avoid dup sigs
