import os
import time

import perlipc as ipc
from perlipc.sysv import IPC_CREAT, IPC_NOWAIT, IPC_PRIVATE


def done(call, *args, **named):
    try:
        call(*args, **named)
        return 1
    except (OSError, ValueError) as error:
        return type(error).__name__


s = ipc.Semaphore(ipc.semget(IPC_PRIVATE, 3, 0o700 | IPC_CREAT))
print(done(s.set_values, [0, 0, 0]), done(s.op, [(0, 2, 0), (2, 1, 0)]), end=" ")
print(",".join(map(str, s.values())), s.value(0), s.value(1), done(s.set, 1, 5), int(s.pid(0) == os.getpid()))


def waits(*op):
    def child():
        s.op([op])
        return 0

    return ipc.fork(child)


kids = [waits(1, -9, 0), waits(0, 0, 0)]
end = time.monotonic() + 10
while (s.waiting(1), s.waiting(0, for_zero=True)) != (1, 1) and time.monotonic() < end:
    time.sleep(0.01)
print(f"ncnt={s.waiting(1)} zcnt={s.waiting(0, for_zero=True)} none={s.waiting(2)}")
for kid in kids:
    kid.kill("TERM")
    kid.wait()
stat = s.stat()
print(f"nsems={stat['nsems']} mode={stat['mode']:o} otime>0={int(stat['otime'] > 0)}")
print(done(s.change, mode=0o600), f"{s.stat()['mode']:o}", done(s.op, [(0, -9, IPC_NOWAIT)]), end=" ")
print(done(s.op, [(0, 1)]), done(s.op, [(0, 1, 0, 1)]))
print(done(s.remove), int(s.id >= 0), done(s.value))
