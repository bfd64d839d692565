import errno

import perlipc as ipc


def got(call, *args):
    try:
        return f"[{call(*args)[0].decode()}]"
    except OSError as e:
        return errno.errorcode[e.errno]


a, b = ipc.udp("127.0.0.1", 0), ipc.udp("127.0.0.1", 0)
b.send(b"hello", a.address)
print("head", got(a.peek, 3))
print("look", got(a.peek, 9))
print("part", got(a.recv, 2))
b.send(b"hello", a.address)
print("none", got(a.recv, 0))
b.send(b"", a.address)
x, sender = a.recv(9)
print(f"empty [{x.decode()}] from", "the other" if sender == b.address else "nobody")
try:
    a.recv(9, timeout=0)
    print("more")
except TimeoutError:
    print("no more")
