import os

import perlipc as ipc

rt = ipc.SIG.signo["RTMIN"] + 1
c = 0


def count(_):
    global c
    c += 1


ipc.SIG[rt] = count
with ipc.SIG.block(rt):
    for _ in range(125):
        ipc.kill(rt, os.getpid())
print(f"not reached? {c}")
