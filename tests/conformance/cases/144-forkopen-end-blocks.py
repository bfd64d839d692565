import os

import perlipc as ipc

k = ipc.fork_open("-|")
if k is None:
    os.write(1, b"x")
    os._exit(0)
print("after _exit: [" + k.read().decode() + "]")
k.close()
