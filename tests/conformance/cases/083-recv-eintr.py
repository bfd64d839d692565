import errno
import os
import time

import perlipc as ipc

g = 0


def handler(_):
    global g
    g += 1


def kid():
    time.sleep(0.2)
    ipc.kill("USR1", os.getppid())


a = ipc.unix_dgram("a")
ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
try:
    a.recv(9, timeout=1)
    print("1")
except OSError as e:
    print(f"undef EINTR={int(e.errno == errno.EINTR)} g={g}")
p.wait()
