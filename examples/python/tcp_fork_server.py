"""The manual's forking server: a process for each client, which gets a greeting and then a fortune (or the date), until
TERM. REAPER is the library's.

python tcp_fork_server.py 2345
"""

import os
import sys
import time

import perlipc as ipc


def logmsg(*what: object) -> None:
    print(f"tcp_fork_server {os.getpid()}:", *what, "at", time.ctime(), flush=True)


def tell(event: str, pid: int | None, status: ipc.Status | None, text: str) -> None:
    if event == "start":
        ip, _, port = text.rpartition(":")
        logmsg(f"connection from {ipc.host_name(text, timeout=5)} [ {ip.strip('[]')} ] at port {port}")
        logmsg("begat", pid)
    elif event == "end":
        logmsg("reaped", pid, *(["with exit", int(status)] if status is not None and not status.ok else []))
    elif event == "error":
        logmsg(text)


def spawn(client: ipc.Stream[bytes]) -> None:
    # The client is standard input and output too.
    print(f"Hello there, {ipc.host_name(client.peer, timeout=5)}, it's now {time.ctime()}", flush=True)
    ipc.exec(["/usr/games/fortune"] if os.path.exists("/usr/games/fortune") else ["date"])


listener = ipc.tcp_listen(None, sys.argv[1] if len(sys.argv) > 1 else "2345")
logmsg("server started on", listener.address)
logmsg(ipc.serve(listener, spawn, drain=("TERM", 5.0), log=tell))
