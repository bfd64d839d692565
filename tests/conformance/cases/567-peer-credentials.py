import os

import perlipc as ipc

a, b = ipc.socketpair()
pid, uid, gid = a.credentials()
print(int(pid == os.getpid()), uid, gid)
