import os

import perlipc as ipc

ipc.SIG["USR1"] = lambda _: print("old")
with ipc.SIG.block("USR1"):
    ipc.kill("USR1", os.getpid())
    ipc.SIG["USR1"] = lambda _: print("new")
    print("still blocked")
print("done")
