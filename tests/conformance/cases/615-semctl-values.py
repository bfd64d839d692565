import errno
import struct

import perlipc as ipc
from perlipc.sysv import GETALL, GETVAL, IPC_PRIVATE, IPC_RMID, IPC_STAT, SETALL, SETVAL

id = ipc.semget(IPC_PRIVATE, 3, 0o600)


def true(value):
    return value or "0 but true"


def fails(name, *args):
    try:
        ipc.semctl(id, *args)
        print(1, end=" ")
    except OSError as error:
        print(f"0 {name}={int(errno.errorcode[error.errno] == name)}")


print(f"[{true(ipc.semctl(id, 1, GETVAL))}] [{true(ipc.semctl(id, 1, SETVAL, 7))}] [{ipc.semctl(id, 1, GETVAL)}]")
print(*struct.unpack("3h", ipc.semctl(id, 0, GETALL)), sep=",")
print(true(ipc.semctl(id, 0, SETALL, struct.pack("3h", 1, 2, 3))))
try:
    ipc.semctl(id, 0, SETALL, struct.pack("2h", 1, 2))
except ValueError as error:
    print(error)
fails("EINVAL", 9, GETVAL)
fails("ERANGE", 0, SETVAL, 40000)
print(len(ipc.semctl(id, 0, IPC_STAT)))
print(true(ipc.semctl(id, 0, IPC_RMID)))
