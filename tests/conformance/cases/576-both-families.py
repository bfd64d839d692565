import perlipc as ipc

for said, words in ("unsaid", {}), ("0", {"v6only": False}), ("1", {"v6only": True}):
    try:
        l = ipc.tcp_listen("::", 0, **words)
    except OSError:
        print("no IPv6")
        continue
    print(f"{said}: ", end="")
    try:
        c = ipc.tcp_connect("127.0.0.1", l.port)
        print("peer", l.accept().peer.rpartition(":")[0], end="")
    except ConnectionRefusedError:
        print("refused", end="")
    try:
        w = ipc.tcp_listen("0.0.0.0", l.port)
        print(" beside 1")
    except OSError:
        print(" beside INUSE")
