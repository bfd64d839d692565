import time

import perlipc as ipc

f = ipc.open("-|", "sleep 1; exit 4")
t = time.monotonic()
# A name that is bound anew frees the old stream, and freeing never waits.
f = ipc.open("-|", "echo second")
print(f"waited={int(time.monotonic() - t > 0.9)}", f.readline().decode(), end="")
f.close()
