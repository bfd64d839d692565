import errno

import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0, backlog=5)
try:
    ipc.tcp_listen("127.0.0.1", s.port, backlog=5)
    print(1)
except OSError as error:
    text = str(error).replace(str(s.port), "PORT")
    print(f"0 [{text}] INUSE={int(error.errno == errno.EADDRINUSE)}")
n = ipc.tcp_listen("127.0.0.1", 0, backlog=5)
try:
    n.accept(timeout=0)
    print(1)
except OSError as error:
    print(f"0 EAGAIN={int(error.errno == errno.EAGAIN)} {type(error).__name__}")
