import os

import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT

key = ipc.shmget(IPC_PRIVATE, 100, 0o640)
print(len(ipc.shmctl(key, IPC_STAT)))
try:
    ipc.shmctl(key, IPC_SET, b"abc")
except ValueError as error:
    print(error)
memory = ipc.SharedMem(key)
memory.detach()
stat = memory.stat()
print(f"{stat['mode']:o} {stat['segsz']} {stat['nattch']} {int(stat['cpid'] == os.getpid())} {stat['uid']}")
ipc.shmctl(key, IPC_RMID)
