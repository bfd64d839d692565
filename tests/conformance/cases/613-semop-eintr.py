import errno
import struct
import time

import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID

id = ipc.semget(IPC_PRIVATE, 1, 0o600)
take = struct.pack("hhh", 0, -1, 0)
runs = 0


def handler(name):
    global runs
    runs += 1


ipc.SIG["ALRM"] = handler
ipc.alarm(1)
try:
    # Perl's fails once the handler has run; ours goes on, so it needs a limit.
    ipc.semop(id, take, timeout=1.5)
    print(1, f"g={runs}")
except OSError as error:
    print(f"0 {errno.errorcode[error.errno]} g={runs}")


def waits():
    try:
        ipc.semop(id, take)
        print(1, end=" ")
    except OSError as error:
        print(f"0 EIDRM={int(error.errno == errno.EIDRM)}", flush=True)
    return 0


child = ipc.fork(waits)
while ipc.Semaphore(id).waiting() == 0:
    time.sleep(0.01)
ipc.semctl(id, 0, IPC_RMID)
child.wait()
