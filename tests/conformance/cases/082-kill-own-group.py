import os
import time

import perlipc as ipc


def kid(w):
    ipc.SIG["USR1"] = "DEFAULT"
    w.write(b".")
    time.sleep(20)


def leader():
    os.setpgrp()
    seen = []
    ipc.SIG["USR1"] = seen.append
    r, w = ipc.pipe()
    k = ipc.fork(kid, w)
    r.read(1)
    n = ipc.kill("USR1", 0)
    print(f"n={n} self={len(seen)} kid={int(k.wait()) & 127}")


print(f"status={int(ipc.fork(leader).wait())}")
