import errno
import struct

import perlipc as ipc
from perlipc.sysv import IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, MSG_NOERROR

id = ipc.msgget(IPC_PRIVATE, 0o600)


def put(type, body):
    ipc.msgsnd(id, struct.pack("l", type) + body)


def get(type):
    try:
        m = ipc.msgrcv(id, 99, type, IPC_NOWAIT)
    except OSError as e:
        return f"ENOMSG={int(e.errno == errno.ENOMSG)}"
    return f"{m[8:].decode()}({struct.unpack_from('l', m)[0]})"


for type in 3, 1, 2, 3:
    put(type, f"t{type}".encode())
print(*(get(type) for type in (2, -2, 0, 9, 0, 0)))
put(5, b"long message")
try:
    ipc.msgrcv(id, 4, 0, IPC_NOWAIT)
except OSError as e:
    print(f"0 E2BIG={int(e.errno == errno.E2BIG)}")
print(1, ipc.msgrcv(id, 4, 0, IPC_NOWAIT | MSG_NOERROR)[8:].decode())
try:
    ipc.msgsnd(id, b"abc")
    print("sent")
except ValueError:
    print("too short")
try:
    put(0, b"x")
except OSError as e:
    print(f"0 EINVAL={int(e.errno == errno.EINVAL)}")
ipc.msgctl(id, IPC_RMID)
