import os

import perlipc as ipc

o = []
for name in "HUP", "USR1", "USR2", "TERM":
    ipc.SIG[name] = o.append
with ipc.SIG.block("HUP", "USR1", "USR2", "TERM"):
    for name in "TERM", "USR2", "USR1", "HUP":
        ipc.kill(name, os.getpid())
print(*o)
