import struct

import perlipc as ipc
from perlipc.sysv import GETPID, GETVAL, IPC_PRIVATE, IPC_RMID, SEM_UNDO

id = ipc.semget(IPC_PRIVATE, 1, 0o600)
for flag in (0, SEM_UNDO):

    def child():
        ipc.semop(id, struct.pack("hhh", 0, 3, flag))
        return 0

    kid = ipc.fork(child)
    kid.wait()
    print(ipc.semctl(id, 0, GETVAL), f"pid same={int(ipc.semctl(id, 0, GETPID) == kid.pid)}")
ipc.semctl(id, 0, IPC_RMID)
