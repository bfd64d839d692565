import os

import perlipc as ipc

ipc.SIG["USR1"] = lambda _: print("h")
with ipc.SIG.block("USR1"):
    ipc.kill("USR1", os.getpid())
    with ipc.local(ipc.SIG, USR1="IGNORE"):
        pass
print("nothing came")
