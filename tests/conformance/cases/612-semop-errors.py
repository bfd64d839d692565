import errno
import struct

import perlipc as ipc
from perlipc.sysv import GETVAL, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, SETVAL

id = ipc.semget(IPC_PRIVATE, 2, 0o600)


def pack(*numbers):
    return struct.pack(f"{len(numbers)}h", *numbers)


def t(name, opstring):
    try:
        ipc.semop(id, opstring)
        print(f"{name}: [1] ")
    except OSError as error:
        print(f"{name}: [0] {errno.errorcode[error.errno]}")


t("nowait", pack(0, -1, IPC_NOWAIT))
t("short", pack(0, 1))
t("len7", b"1234567")
t("empty", b"")
t("badnum", pack(5, 1, 0))
t("ok", pack(0, 1, 0))
ipc.semctl(id, 0, SETVAL, 32767)
t("overflow", pack(0, 1, 0))
t("600ops", pack(1, 1, 0) * 600)
print("atomic:", end=" ")
ipc.semctl(id, 0, SETVAL, 0)
ipc.semctl(id, 1, SETVAL, 0)
try:
    ipc.semop(id, pack(1, 1, 0, 0, -1, IPC_NOWAIT))
except OSError:
    pass
print(ipc.semctl(id, 1, GETVAL))
ipc.semctl(id, 0, IPC_RMID)
