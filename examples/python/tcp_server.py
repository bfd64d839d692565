"""The manual's TCP server, one client after the other, until TERM.

python tcp_server.py 2345
"""

import os
import sys
import time

import perlipc as ipc


def logmsg(*what: object) -> None:
    print(f"tcp_server {os.getpid()}:", *what, "at", time.ctime(), flush=True)


def greet(client: ipc.Stream[bytes]) -> None:
    name = ipc.host_name(client.peer, timeout=5)
    ip, _, port = client.peer.rpartition(":")
    logmsg(f"connection from {name} [ {ip.strip('[]')} ] at port {port}")
    client.write(f"Hello there, {name}, it's now {time.ctime()}\n".encode())


listener = ipc.tcp_listen(None, sys.argv[1] if len(sys.argv) > 1 else "2345")
logmsg("server started on", listener.address)
logmsg(ipc.serve(listener, greet, iterative=True, drain=("TERM", 5.0)))
