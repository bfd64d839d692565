import os

import perlipc as ipc

print("before ", end="")
k = ipc.fork_open("-|")
if k is None:
    os.write(1, b"kid")
    os._exit(0)
print("[" + k.read().decode() + "]")
k.close()
