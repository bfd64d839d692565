import time

import perlipc as ipc


def die(_):
    raise RuntimeError("t")


ipc.SIG["ALRM"] = die
t = time.monotonic()
try:
    ipc.alarm(0.5)
    ipc.qx("exec sleep 2")
except RuntimeError as e:
    print(f"err={e}")
print(f"blocked till child end={int(time.monotonic() - t > 1.8)}")
try:
    _, st = ipc.wait()
    print(f"left to reap=1 st={int(st)}")
except ChildProcessError:
    print("left to reap=0")
