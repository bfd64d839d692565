"""A process for each connection by os.fork, as short as it can be written: what Python's fork itself costs."""

import os
import signal
import socket

from sockets import load, run


def conn_fork():
    with socket.create_server(("127.0.0.1", 0)) as server:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        load("conn", server.getsockname()[1])
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                os.write(client.fileno(), os.read(client.fileno(), 64))
                os._exit(0)
            client.close()


run({"conn_fork": conn_fork})
