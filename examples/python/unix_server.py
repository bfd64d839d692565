"""The manual's Unix server: a greeting and then a fortune (or the date) for each client, until TERM.

python unix_server.py /tmp/catsock
"""

import os
import sys
import time

import perlipc as ipc


def logmsg(*what: object) -> None:
    print(f"unix_server {os.getpid()}:", *what, "at", time.ctime(), flush=True)


def tell(event: str, pid: int | None, status: ipc.Status | None, text: str) -> None:
    if event == "start":
        logmsg("connection on", name)
        logmsg("begat", pid)
    elif event == "end":
        logmsg("reaped", pid, *(["with exit", int(status)] if status is not None and not status.ok else []))
    elif event == "error":
        logmsg(text)


name = sys.argv[1] if len(sys.argv) > 1 else "/tmp/catsock"
try:
    listener = ipc.unix_listen(name)
except OSError as error:
    sys.exit(str(error))
logmsg("server started on", name)
greeting = """echo "Hello there, it's now `date`"; [ ! -x /usr/games/fortune ] || exec /usr/games/fortune; date"""
logmsg(ipc.serve(listener, greeting, drain=("TERM", 5.0), log=tell))
