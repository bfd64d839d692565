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
    time.sleep(0.2)
    w.write(b"data")


r, w = ipc.pipe()
ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
b = r.read1(10)
print(f"n={len(b)} b={b.decode()} g={g}")
p.wait()
