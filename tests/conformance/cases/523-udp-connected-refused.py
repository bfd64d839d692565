import errno
import time

import perlipc as ipc


def send(dgram, data):
    try:
        dgram.send(data)
        return len(data), 0
    except OSError as error:
        return "undef", error.errno


with ipc.udp("127.0.0.1", 0) as a:
    dead = a.address
b = ipc.udp(None, 0, v4only=True)
n, why = send(b, b"x")
print(n, f"DESTADDRREQ={int(why == errno.EDESTADDRREQ)}")
b.connect(dead)
print(send(b, b"x")[0], end=" ")
time.sleep(0.1)
n, why = send(b, b"x")
print(n, f"REFUSED={int(why == errno.ECONNREFUSED)}")
