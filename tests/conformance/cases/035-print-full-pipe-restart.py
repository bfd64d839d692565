import os
import time

import perlipc as ipc

g = 0


def handler(_):
    global g
    g += 1


def kid():
    w.close()
    time.sleep(0.3)
    ipc.kill("USR1", os.getppid())
    time.sleep(0.3)
    t = 0
    while b := r.read1(65536):
        t += len(b)
    print(f"reader got {t}")


r, w = ipc.pipe()
ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
r.close()
ok = w.write(b"x" * 200000) == 200000
w.close()
p.wait()
print(f"print={int(ok)} g={g}")
