import os
import time

import perlipc as ipc

r, w = ipc.pipe()
kid = ipc.fork()
if kid is None:
    if ipc.fork() is not None:
        os._exit(0)
    time.sleep(0.3)
    w.write(f"{os.getppid()}\n".encode())
    os._exit(9)
print(int(kid.wait()))
parent = int(r.readline())
print("adopted" if parent not in (kid.pid, os.getpid()) else "not")
try:
    ipc.wait()
except ChildProcessError:
    print(-1)
