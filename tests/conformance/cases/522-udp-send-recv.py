import errno

import perlipc as ipc

a = ipc.udp("127.0.0.1", 0)
b = ipc.udp("127.0.0.1", 0)
for data in b"hello", b"", b"0123456789", b"next":
    b.send(data, a.address)
    print("sent", len(data))
x, sender = a.recv(100)
print(f"got '{x.decode()}' from b: {int(sender == b.address)}")
print(f"got '{a.recv(100)[0].decode()}'")
try:
    print(f"got '{a.recv(4)[0].decode()}'")
except OSError as e:
    print(f"does not fit: EMSGSIZE={int(e.errno == errno.EMSGSIZE)}")
print(f"got '{a.recv(100)[0].decode()}'")
try:
    b.send(b"x" * 70000, a.address)
except OSError as e:
    print(f"undef EMSGSIZE={int(e.errno == errno.EMSGSIZE)}")
