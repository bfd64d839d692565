import os
import sys

import perlipc as ipc

print("a ", end="")
kid = ipc.fork()
if kid is None:
    sys.stdout.flush()
    os._exit(0)
kid.wait()
print("b ", end="")
ipc.system("printf c")
print(" d ", end="")
print(ipc.qx("printf e").decode(), end=" ")
f = ipc.open("-|", "printf g")
print(f.read().decode(), end="")
f.close()
# A stream of ours with something pending: the forked child does not write it again.
w = ipc.open("|-", "cat > o")
w.autoflush = False
w.write(b"h")
kid = ipc.fork()
if kid is None:
    del w
    os._exit(0)
kid.wait()
w.close()
print(f" size={os.path.getsize('o')}")
