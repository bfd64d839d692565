import os

import perlipc as ipc

ipc.SIG["USR1"] = lambda _: print("outer")


def kid():
    with ipc.local(ipc.SIG, USR1="DEFAULT"):
        ipc.kill("USR1", os.getpid())
    print("not reached")


print(f"status={int(ipc.fork(kid).wait())}")
ipc.kill("USR1", os.getpid())
