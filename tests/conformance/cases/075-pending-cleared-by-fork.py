import os

import perlipc as ipc

me = os.getpid()


def handler(_):
    print("handler in", "parent" if os.getpid() == me else "child", flush=True)


ipc.SIG["USR1"] = handler
blocked = ipc.SIG.block("USR1")
with blocked:
    ipc.kill("USR1", me)
    p = ipc.fork()
if p is None:
    print("child clean", flush=True)
    os._exit(0)
p.wait()
