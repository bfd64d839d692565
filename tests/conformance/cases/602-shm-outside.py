import errno

import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID

id = ipc.shmget(IPC_PRIVATE, 100, 0o600)
ipc.shmwrite(id, b"hello", 0, 20)
b = ipc.shmread(id, 0, 8)
print(len(b), b.decode().replace("\0", "."))
print(f"text '{b.partition(bytes(1))[0].decode()}'")
v = "before"
for pos, size in (200, 1), (90, 20), (-1, 1):
    try:
        v = ipc.shmread(id, pos, size)
        print(f"{pos} {size}: 1")
    except (OSError, OverflowError) as e:
        outside = isinstance(e, OverflowError) or e.errno == errno.EFAULT
        print(f"{pos} {size}: 0 EFAULT={int(outside)} {v}")
try:
    ipc.shmwrite(id, b"x", 100, 1)
except OSError as e:
    print(f"write: 0 EFAULT={int(e.errno == errno.EFAULT)}")
ipc.shmctl(id, IPC_RMID)
