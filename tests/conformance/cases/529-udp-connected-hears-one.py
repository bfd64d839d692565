import errno

import perlipc as ipc


def tried(call, *args):
    try:
        call(*args)
        return 1
    except OSError as e:
        return errno.errorcode[e.errno]


a, b, c = (ipc.udp("127.0.0.1", 0) for _ in range(3))
print("peer", tried(lambda: c.peer).removeprefix("E"), end=" ")
c.connect(a.address)
print("then", int(c.peer == a.address))
b.send(b"stranger", c.address)
a.send(b"friend", c.address)
print(f"heard [{c.recv(99)[0].decode()}]", end=" ")
try:
    c.recv(99, timeout=0)
    print("more")
except TimeoutError:
    print("no more")
c.send(b"aside", b.address)
print(f"other [{b.recv(99)[0].decode()}]")
print(*(tried(b.send, b"x", to) for to in ("127.0.0.1:0", "[::1]:9", "/x")))
