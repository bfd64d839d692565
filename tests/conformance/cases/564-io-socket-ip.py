import socket

import perlipc as ipc

for h in "127.0.0.1", "::1":
    try:
        s = ipc.tcp_listen(h, 0)
    except OSError:
        print(f"{h}: no")
        continue
    c = ipc.tcp_connect(h, s.port)
    k = s.accept()
    host, _, port = c.peer.rpartition(":")
    family = "v6" if c.option("domain") == socket.AF_INET6 else "v4"
    print(f"{h}: {family} peer {host.strip('[]')} same port {int(int(port) == s.port)}")
    c.write(b"hello\n")
    print(k.readline().decode(), end="")
