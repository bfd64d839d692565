import os
import time

import perlipc as ipc


def leader():
    os.setpgrp()
    time.sleep(20)


def k(signal, target):
    p = ipc.fork(leader)
    time.sleep(0.2)
    pid = -p.pid if target == "-P" else p.pid
    n = e = 0
    try:
        n = ipc.kill(signal, pid)
    except OSError as error:
        e = error.errno
        ipc.kill("KILL", p)
    print(f"{signal} {target} -> {n} errno={e} sig={int(p.wait()) & 127}")


k("-TERM", "P")
k(-15, "P")
k("TERM", "-P")
k("-TERM", "-P")
k("-SIGTERM", "P")
