import os
import signal

import perlipc as ipc

c = 0


def count(_):
    global c
    c += 1


ipc.SIG["USR1"] = count
with ipc.SIG.block("USR1"):
    for _ in range(5):
        ipc.kill("USR1", os.getpid())
    pending = signal.sigpending()
    print("0 but true" if pending is not None else "undef", f"pend={int(signal.SIGUSR1 in pending)} c={c}")
print(f"c={c}")
