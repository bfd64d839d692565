import time

import perlipc as ipc

began = time.monotonic()
s = ipc.system("sleep 1 >/dev/null 2>&1 &")
print(f"status={int(s)} at once={int(time.monotonic() - began < 0.8)}")
try:
    print("child of ours:", ipc.wait()[0])
except ChildProcessError:
    print("child of ours: -1")
