import os

import perlipc as ipc

for s in "SEGV", "BUS", "FPE", "ILL":
    try:
        ipc.SIG[s] = print
        ipc.kill(s, os.getpid())
    except ValueError as e:
        print(e)
print("end")
