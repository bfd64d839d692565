import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0)


def client():
    with ipc.tcp_connect("127.0.0.1", s.port) as c:
        c.write(b"hello\r\nlast")
        c.shutdown()
        for line in c:
            print("client got:", line.decode(), end="")


p = ipc.fork(client)
k = s.accept()
ip, _, port = k.peer.rpartition(":")
print("from", ip, f"port>0: {int(int(port) > 0)}")
for line in k:
    print("line", line.decode().replace("\r", "<CR>").replace("\n", "<LF>"), flush=True)
k.write(b"bye\n")
k.close()
print(f"client code={p.wait().code}")
