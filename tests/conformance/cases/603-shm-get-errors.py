import errno
import os

import perlipc as ipc
from perlipc.sysv import IPC_CREAT, IPC_EXCL, IPC_PRIVATE, IPC_RMID


def fails(key, size, flags, name):
    try:
        ipc.shmget(key, size, flags)
        print(1, end=" ")
    except OSError as error:
        print(f"0 {name}={int(errno.errorcode[error.errno] == name)}")


key = 0x7E000000 + os.getpid()
fails(key, 10, 0o600, "ENOENT")
id = ipc.shmget(key, 100, 0o600 | IPC_CREAT)
print(1)
fails(key, 100, 0o600 | IPC_CREAT | IPC_EXCL, "EEXIST")
fails(key, 1000, 0o600, "EINVAL")
print(int(ipc.shmget(key, 0, 0) == id))
fails(IPC_PRIVATE, 0, 0o600, "EINVAL")
ipc.shmctl(id, IPC_RMID)
