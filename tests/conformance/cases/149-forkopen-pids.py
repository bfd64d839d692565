import os

import perlipc as ipc

k = ipc.open("-|", lambda: print(os.getpid(), os.getppid()), text=True)
own, parent = map(int, k.readline().split())
k.close()
same = int(own == k.child.pid)
print(f"own: {same} not the parent's: {int(own != os.getpid())} parent: {int(parent == os.getpid())}")
