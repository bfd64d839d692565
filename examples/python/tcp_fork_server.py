"""The manual's forking server: a process for each client, which gets a greeting and then a fortune (or the date), until
TERM. REAPER is the library's.

python tcp_fork_server.py 2345
"""

import os
import sys
import time

import perlipc as ipc


def spawn(client: ipc.Stream[bytes]) -> None:
    # The client is standard input and output too.
    print(f"Hello there, {ipc.host_name(client.peer, timeout=5)}, it's now {time.ctime()}", flush=True)
    ipc.system(["/usr/games/fortune"] if os.path.exists("/usr/games/fortune") else ["date"])


listener = ipc.tcp_listen(None, sys.argv[1] if len(sys.argv) > 1 else "2345")
print("server started on", listener.address, flush=True)
print(ipc.serve(listener, spawn, drain=("TERM", 5.0)), flush=True)
