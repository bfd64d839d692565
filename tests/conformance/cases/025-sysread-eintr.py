import errno
import os
import time

import perlipc as ipc

g = 0


def handler(_):
    global g
    g += 1


def kid():
    time.sleep(0.2)
    ipc.kill("USR1", os.getppid())


r, w = ipc.pipe()
ipc.SIG["USR1"] = handler
p = ipc.fork(kid)
# Without a limit it would wait for ever: both ends are here, as in Perl's.
r.timeout = 1
try:
    print(f"n={len(r.read1(10))}")
except OSError as e:
    print(f"undef EINTR={int(e.errno == errno.EINTR)} handler={g}")
p.wait()
