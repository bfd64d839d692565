import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID

r, w = ipc.pipe()


def child():
    key = ipc.shmget(IPC_PRIVATE, 16, 0o600)
    ipc.shmwrite(key, b"from child", 0, 16)
    w.write(b"%d\n" % key)
    return 0


ipc.fork(child).wait()
key = int(r.readline())
print(ipc.shmread(key, 0, 16).split(b"\0")[0].decode())
print(ipc.shmctl(key, IPC_RMID) or "0 but true")
