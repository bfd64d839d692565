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


r, w = ipc.pipe()
ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
# Without a limit it would wait for ever: nobody reads.
w.timeout = 1
try:
    print(f"n={w.write(b'x' * 200000)} g={g}")
except TimeoutError:
    print(f"timed out g={g}")
p.wait()
