import errno
import time

import perlipc as ipc

reaped = 0


def reaper(_):
    global reaped
    while ipc.waitpid(-1, timeout=0) is not None:
        reaped += 1


s = ipc.tcp_listen("127.0.0.1", 0)
p = ipc.fork(lambda: time.sleep(0.2))
ipc.SIG["CHLD"] = reaper
try:
    s.accept(timeout=1)
except OSError as e:
    print(f"a=[undef] EINTR={int(e.errno == errno.EINTR)} reaped={reaped}")
