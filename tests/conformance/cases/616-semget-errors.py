import errno
import os

import perlipc as ipc
from perlipc.sysv import IPC_CREAT, IPC_EXCL, IPC_PRIVATE, IPC_RMID

key = 0x7C000000 + os.getpid()


def e(*args):
    try:
        ipc.semget(*args)
        print("1 ")
    except OSError as error:
        print(0, errno.errorcode[error.errno])


e(key, 0, 0)
id = ipc.semget(key, 2, 0o600 | IPC_CREAT)
e(key, 2, 0o600 | IPC_CREAT | IPC_EXCL)
e(key, 5, 0o600)
e(IPC_PRIVATE, 0, 0o600)
e(key, 0, 0)
ipc.semctl(id, 0, IPC_RMID)
