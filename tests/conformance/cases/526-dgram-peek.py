import perlipc as ipc

a, b = ipc.dgram_pair()
for data in b"one", b"two":
    b.send(data)
print("peek", a.peek(99)[0].decode())
print("recv", a.recv(99)[0].decode())
print("recv", a.recv(99, timeout=0)[0].decode())
try:
    a.recv(99, timeout=0)
    print("more")
except TimeoutError:
    print("none EAGAIN=1")
