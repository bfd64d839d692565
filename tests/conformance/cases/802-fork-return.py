import os

import perlipc as ipc

kid = ipc.fork()
if kid is None:
    print("child", flush=True)
    os._exit(0)
kid.wait()
print("parent" if kid.pid > 0 else "?")
