import errno
import os
import socket

import perlipc as ipc


def connected(sock):
    try:
        ipc.adopt(os.dup(sock.fileno())).peer
        return 1
    except OSError as error:
        assert error.errno == errno.ENOTCONN
        return 0
    except ValueError:  # It is closed.
        return 0


s = ipc.tcp_listen("127.0.0.1", 0, backlog=5)
host, _, port = s.address.rpartition(":")
c = ipc.tcp_connect(host, port)
k = s.accept()
addr = ipc.pack_address(k.peer)
print(f"{connected(c)}{connected(s)} {int(c.option('domain') == socket.AF_INET)}"
      f"{int(c.option('type') == socket.SOCK_STREAM)}{c.option('protocol')} addrlen={len(addr)}")
c.write(b"auto\n")
print(k.readline().decode(), end="")
print(int(not k.closed), end="")
k.close()
print(f"{int(not k.closed)}{connected(k)}")
u = ipc.unix_listen("u", backlog=1)
v = ipc.unix_connect("u")
print(u.address, v.peer)
try:
    ipc.unix_connect("nope")
    print("1 ENOENT=0")
except OSError as error:
    print(f"0 ENOENT={int(error.errno == errno.ENOENT)}")
d = ipc.udp("127.0.0.1")
print(int(int(d.address.rpartition(":")[2]) > 0))
