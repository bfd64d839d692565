import errno

import perlipc as ipc

a, b = ipc.socketpair()
print(f"was {a.timeout}")
a.timeout = 0
try:
    print(len(a.read1(9)))
except OSError as e:
    print(f"undef ETIMEDOUT={int(e.errno == errno.ETIMEDOUT)}")
s = ipc.tcp_listen("127.0.0.1", 0, backlog=1)
c = ipc.tcp_connect("127.0.0.1", s.port, timeout=5)
print("connected within its limit")
print(f"writable {len(ipc.select([], [c], timeout=5)[1])} error {c.option('error')}")
