import os

import perlipc as ipc

r, w = ipc.pipe()
p = ipc.fork(lambda: 0)
w.close()
r.read1(1)
ipc.sleep(0.1)
print(f"self {ipc.kill(0, os.getpid())} {ipc.kill('ZERO', os.getpid())}")
print(f"zombie {ipc.kill(0, p.pid)}")
p.wait()
print(f"reaped {ipc.kill(0, p.pid)} ESRCH=1")
