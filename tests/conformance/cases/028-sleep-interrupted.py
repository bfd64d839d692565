import os
import time

import perlipc as ipc

g = 0


def handler(_):
    global g
    g += 1


def kid():
    time.sleep(1.3)
    ipc.kill("USR1", os.getppid())


ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
t = 10 - ipc.sleep(10)
print(f"g={g} slept={'1..2' if 1 <= t <= 2 else t}")
p.wait()
