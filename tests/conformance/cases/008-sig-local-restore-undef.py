import os

import perlipc as ipc


def kid():
    with ipc.local(ipc.SIG, USR1=lambda _: print("in", flush=True)):
        ipc.kill("USR1", os.getpid())
    ipc.kill("USR1", os.getpid())
    print("not reached")


print(f"status={int(ipc.fork(kid).wait())}")
