import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0)
c = []
for _ in range(2):
    c.append(ipc.tcp_connect("127.0.0.1", s.port))
    ipc.sleep(0.05)
k = None
for n in range(2):
    k = s.accept()
    print(f"client {n}: {int(k.peer == c[n].address)} same at the socket: {int(ipc.unpack_address(ipc.pack_address(k.peer)) == k.peer)}")
print(f"the first sees the end: {len(c[0].read1(9))}")
