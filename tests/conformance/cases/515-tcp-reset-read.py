import errno
import time

import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0, backlog=1)
c = ipc.tcp_connect("127.0.0.1", s.port)
k = s.accept()
c.write(b"unread")
time.sleep(0.1)
k.close()
time.sleep(0.1)
try:
    print(len(c.read1(9)), "RESET=0")
except OSError as error:
    print(f"undef RESET={int(error.errno == errno.ECONNRESET)}")
print(len(c.read1(9)))
