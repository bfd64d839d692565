import os
import time

import perlipc as ipc

r, w = ipc.pipe()


def kid():
    time.sleep(0.2)
    ipc.kill("USR1", os.getppid())
    time.sleep(0.3)
    w.write(b"hello\n")


g = 0


def handler(_):
    global g
    g += 1


ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
line = r.readline()
print(f"got={g} line={line.decode()}", end="")
p.wait()
