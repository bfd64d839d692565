import os
import time

import perlipc as ipc

r, w = ipc.pipe()


def ready():
    w.write(b".")
    time.sleep(20)


def leader():
    os.setpgrp()
    kids = [ipc.fork(ready), ipc.fork(ready)]
    ready()
    return len(kids)


p = ipc.fork(leader)
r.read(3)
print(f"k={ipc.kill('TERM', -p.pid)}")
print(f"sig={int(p.wait()) & 127}")
w.close()
print(f"all writers gone: eof={len(r.read1(1))}")
