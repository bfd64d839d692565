import errno
import os
import time

import perlipc as ipc

g = 0


def handler(_):
    global g
    g += 1


def kid():
    time.sleep(0.3)
    ipc.kill("USR1", os.getppid())


ipc.mkfifo("f")
ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
try:
    ipc.open_fifo("f", "<", timeout=1)
    print("ok=1")
except OSError as e:
    print(f"ok=0 EINTR={int(e.errno == errno.EINTR)} g={g}")
p.wait()
