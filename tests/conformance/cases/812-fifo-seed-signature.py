import os
import time

import perlipc as ipc

F = ".signature"


def write() -> int:
    for n in (1, 2):
        if not ipc.is_fifo(F):
            ipc.mkfifo(F, 0o700)
        with ipc.open_fifo(F, ">", text=True) as w:
            w.write(f"John Smith {n}\n")
        time.sleep(0.2)
    return 0


p = ipc.fork(write)
for n in (1, 2):
    while not ipc.is_fifo(F):
        time.sleep(0.05)
    with ipc.open_fifo(F, "<", text=True) as r:
        print(*r, sep="", end="")
    if n == 1:
        os.unlink(F)
print(f"st={int(p.wait())}")
