import struct

import perlipc as ipc
from perlipc.sysv import GETVAL, GETZCNT, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID

id = ipc.semget(IPC_PRIVATE, 1, 0o600)
take = struct.pack("6h", 0, 0, 0, 0, 1, 0)
give = struct.pack("3h", 0, -1, 0)
ipc.semop(id, take)
print("take 1 value", ipc.semctl(id, 0, GETVAL))
try:
    ipc.semop(id, [(0, 0, IPC_NOWAIT), (0, 1, IPC_NOWAIT)])
except BlockingIOError:
    print("second 0 EAGAIN=1 value", ipc.semctl(id, 0, GETVAL))


def kid():
    ipc.semop(id, take)
    print("kid has it")
    ipc.semop(id, give)


p = ipc.fork(kid)
while ipc.semctl(id, 0, GETZCNT) != 1:
    ipc.sleep(0.01)
print("kid waits", flush=True)
ipc.semop(id, give)
p.wait()
print("value", ipc.semctl(id, 0, GETVAL))
ipc.semctl(id, 0, IPC_RMID)
