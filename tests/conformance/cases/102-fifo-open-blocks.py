import os
import time

import perlipc as ipc

ipc.mkfifo("f")
try:
    ipc.open_fifo("f", ">", timeout=0)
except TimeoutError:
    print("nb write=0")
try:
    ipc.open_fifo("f", "<", timeout=0)
except TimeoutError:
    print("nb read=0")
print(f"rw={int(not ipc.open_fifo('f', '+<').close())}")


def read() -> int:
    time.sleep(0.4)
    ipc.open_fifo("f", "<").close()
    return 0


p = ipc.fork(read)
t = time.monotonic()
w = ipc.open_fifo("f", ">")
print(f"waited={int(time.monotonic() - t > 0.3)}")
w.close()
p.wait()
