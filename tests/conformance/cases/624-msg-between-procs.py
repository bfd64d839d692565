import errno
import os
import struct

import perlipc as ipc
from perlipc.sysv import IPC_CREAT, IPC_PRIVATE, IPC_RMID

q = ipc.msgget(IPC_PRIVATE, 0o600 | IPC_CREAT)


def child():
    message = ipc.msgrcv(q, 99, 1)
    type, pid = struct.unpack("li", message[:12])
    ipc.msgsnd(q, struct.pack("l", pid) + message[12:].upper())
    return 0


kid = ipc.fork(child)
ipc.msgsnd(q, struct.pack("li", 1, os.getpid()) + b"shout")
print(ipc.msgrcv(q, 99, os.getpid())[8:].decode())
kid.wait()
runs = 0


def handler(name):
    global runs
    runs += 1


ipc.SIG["ALRM"] = handler
ipc.alarm(1)
try:
    # Perl's fails once the handler has run; ours goes on, so it needs a limit.
    ipc.msgrcv(q, 99, timeout=1.5)
    print(1, f"g={runs}")
except OSError as error:
    print(f"0 {errno.errorcode[error.errno]} g={runs}")
ipc.msgctl(q, IPC_RMID)
