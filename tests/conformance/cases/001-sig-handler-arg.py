import os

import perlipc as ipc

ipc.SIG["USR1"] = lambda *args: print(f"args=({' '.join(args)})")
ipc.kill("USR1", os.getpid())
print("next")
