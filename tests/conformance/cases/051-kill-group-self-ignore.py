import os
import time

import perlipc as ipc


def leader():
    os.setpgrp()
    k = [ipc.fork(time.sleep, 20) for _ in range(3)]
    time.sleep(0.2)
    with ipc.local(ipc.SIG, HUP="IGNORE"):
        print(f"kill={ipc.kill('HUP', -os.getpid())}")
    for kid in k:
        print(f"kid sig={int(kid.wait()) & 127}")
    print("I survive")


print(f"st={int(ipc.fork(leader).wait())}")
