import errno

import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID


def done(call, *args):
    try:
        call(*args)
        return 1
    except OSError as error:
        return f"0 EINVAL={int(error.errno == errno.EINVAL)}"


def dotted(data):
    return data.replace(b"\0", b".").decode()


key = ipc.shmget(IPC_PRIVATE, 2000, 0o777)
print(done(ipc.shmwrite, key, b"Message #1", 0, 60), end="")
print(done(ipc.shmread, key, 0, 60), end=" ")
buff = ipc.shmread(key, 0, 60)
print(len(buff), int(buff == b"Message #1" + bytes(50)))
ipc.shmwrite(key, b"x" * 20, 0, 20)
ipc.shmwrite(key, b"ab", 0, 5)
print(dotted(ipc.shmread(key, 0, 10)))
ipc.shmwrite(key, b"toolongstring", 0, 4)
print(dotted(ipc.shmread(key, 0, 8)))
print(f"rmid=[{ipc.shmctl(key, IPC_RMID) or '0 but true'}]")
print(done(ipc.shmread, key, 0, 1))
