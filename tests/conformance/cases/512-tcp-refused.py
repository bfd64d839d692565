import errno
import socket

import perlipc as ipc


def answer(call, *args):
    try:
        return f"[{call(*args)}]", 0
    except OSError as error:
        return "undef", error.errno


# A port where nobody listens: it was just given back.
with ipc.tcp_listen("127.0.0.1", 0) as listener:
    port = listener.port
r, why = answer(ipc.tcp_connect, "127.0.0.1", port)
print(f"{r} REFUSED={int(why == errno.ECONNREFUSED)}")
listener = ipc.tcp_listen("127.0.0.1", port, backlog=1)
r, why = answer(ipc.tcp_listen, "127.0.0.1", port)
print(f"{r} INUSE={int(why == errno.EADDRINUSE)}")
t = ipc.adopt(socket.socket().detach())
r, why = answer(lambda: t.peer)
print(f"{int(r != 'undef')} NOTCONN={int(why == errno.ENOTCONN)}")
host, _, port = t.address.rpartition(":")
print(port, host)
