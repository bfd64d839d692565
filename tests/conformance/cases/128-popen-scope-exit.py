import time

import perlipc as ipc

t = time.monotonic()
with ipc.open("-|", "sleep 1; exit 4"):
    pass
print(f"waited={int(time.monotonic() - t > 0.9)} $?=42 wait=", end="")
try:
    ipc.wait()
except ChildProcessError:
    print(-1)
