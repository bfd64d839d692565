import os
import struct

import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0, backlog=2)
p = ipc.fork()
if p is None:
    for d in struct.pack("!I", 1000000000 + 2208988800), b"\1\2":
        with s.accept() as c:
            c.write(d)
    os._exit(0)
for _ in range(2):
    with ipc.tcp_connect("127.0.0.1", s.port) as c:
        rt = c.read(4)
    n = len(rt)
    print(f"n={n}", struct.unpack("!I", rt)[0] - 2208988800 if n == 4 else len(rt))
p.wait()
