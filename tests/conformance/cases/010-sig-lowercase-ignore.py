import os

import perlipc as ipc

try:
    ipc.SIG["USR1"] = "ignore"
    ipc.kill("USR1", os.getpid())
except ValueError as e:
    print(e)
print(ipc.SIG["USR1"])
