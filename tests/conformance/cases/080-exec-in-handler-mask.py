import os

import perlipc as ipc

show = ["grep", "SigBlk", "/proc/self/status"]


def inside():
    ipc.SIG["HUP"] = lambda _: ipc.exec(show)
    ipc.kill("HUP", os.getpid())
    return 1


def after():
    h = []
    ipc.SIG["HUP"] = h.append
    ipc.kill("HUP", os.getpid())
    if h:
        ipc.exec(show)
    return 1


for kid in inside, after:
    ipc.fork(kid).wait()
