import errno
import struct

import perlipc as ipc
from perlipc.sysv import IPC_CREAT, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID

q = ipc.msgget(IPC_PRIVATE, 0o600 | IPC_CREAT)


def pack(type, body=b""):
    return struct.pack("l", type) + body


def done(call, *args):
    """1 as Perl has it, and what the call gives."""
    try:
        return 1, call(*args)
    except OSError as error:
        return 0, f"ENOMSG={int(error.errno == errno.ENOMSG)}"


print([done(ipc.msgsnd, q, pack(5, b"five"))[0]])
for type, body in [(3, b"three"), (9, b"nine"), (3, b"three-b")]:
    ipc.msgsnd(q, pack(type, body))
for t in (9, -4, 0, 0):
    n, message = done(ipc.msgrcv, q, 60, t, IPC_NOWAIT)
    print(f"want {t}: n={n} type={struct.unpack('l', message[:8])[0]} {message[8:].decode()}")
print(*done(ipc.msgrcv, q, 60, 0, IPC_NOWAIT))
ipc.msgsnd(q, pack(7))
n, message = done(ipc.msgrcv, q, 10)
print(f"empty body n=[{n}] len={len(message)}")
ipc.msgctl(q, IPC_RMID)
