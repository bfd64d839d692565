import errno

import perlipc as ipc
from perlipc.sysv import IPC_NOWAIT

s = ipc.Semaphore.create(0, [5, 1])


def left():
    return ",".join(map(str, s.values()))


s.op([(0, -2, 0), (1, -1, 0)])
print("both 1 left", left())
try:
    s.op([(0, -1, IPC_NOWAIT), (1, -1, IPC_NOWAIT)])
except BlockingIOError:
    print("one too many 0 EAGAIN=1 left", left(), flush=True)


def kid():
    try:
        s.take(1)
    except OSError as e:
        print(f"kid 0 EIDRM={int(e.errno == errno.EIDRM)}")


p = ipc.fork(kid)
while s.waiting(1) != 1:
    ipc.sleep(0.01)
s.remove()
p.wait()
