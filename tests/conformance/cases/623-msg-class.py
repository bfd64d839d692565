import errno
import os

import perlipc as ipc
from perlipc.sysv import IPC_NOWAIT, IPC_PRIVATE


def done(call, *args, **named):
    try:
        call(*args, **named)
        return 1
    except OSError as error:
        return errno.errorcode[error.errno]
    except TypeError:
        return "TypeError"


m = ipc.MessageQueue.open(IPC_PRIVATE, mode=0o700)
print(done(m.send, b"hello", 4), end=" ")
st = m.stat()
print(st["qnum"], int(st["lspid"] == os.getpid()), st["qbytes"])
type, b = m.recv(size=256)
print(type, b.decode(), len(m))
print(done(ipc.msgrcv, m.id, 256, 0, IPC_NOWAIT), f"b={b.decode()}")
print(done(m.change, qbytes=1000), m.stat()["qbytes"])
print(done(m.remove), int(m.id >= 0))
print(done(m.send))
