import perlipc as ipc

s = ipc.unix_dgram("serv")
c = ipc.unix_dgram()
for data in b"one", b"two":
    c.send(data, "serv")
for _ in range(2):
    m, sender = s.recv(99)
    print(f"got '{m.decode()}'", f"from {len(sender)}" if sender else "from nobody")
d = ipc.unix_dgram("cli")
d.send(b"three", "serv")
m, sender = s.recv(99)
print(f"got '{m.decode()}' from {sender}")
s.send(b"answer", sender)
print(f"got '{d.recv(99)[0].decode()}'")
