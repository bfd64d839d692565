import errno

import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0)
try:
    s.accept(timeout=0.2)
    print(1)
except OSError as e:
    print(f"0 ETIMEDOUT={int(e.errno == errno.ETIMEDOUT)} [{e}]")
c = ipc.tcp_connect("127.0.0.1", s.port, timeout=1)
print("connected, timeout", c.timeout)
