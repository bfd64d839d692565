import os
import struct

import perlipc as ipc

srv, addrs, keep = [], [], []
for live in True, True, False:
    s = ipc.udp("127.0.0.1", 0)
    addrs.append(s.address)
    if live:
        p = ipc.fork()
        if p is None:
            b, f = s.recv(9)
            s.send(struct.pack("!I", 2208988800 + 100), f)
            os._exit(0)
        srv.append(p)
    keep.append(s)
S = ipc.udp("127.0.0.1", 0)
count = 0
for addr in addrs:
    count += 1
    S.send(b"", addr)
try:
    while count:
        rt, h = S.recv(4, timeout=0.7)
        print(struct.unpack("!I", rt)[0] - 2208988800)
        count -= 1
except TimeoutError:
    pass
print(f"unanswered={count}")
for p in srv:
    p.wait()
