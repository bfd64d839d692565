import os

import perlipc as ipc

ipc.mkfifo("f")
w = ipc.open_fifo("f", "+<")
r = ipc.open_fifo("f", "<", timeout=1)
r.timeout = 0
try:
    print(len(r.read1(5)))
except TimeoutError:
    print("undef EAGAIN=1")
w.write(b"ab")
w.flush()
b = r.read1(5)
print(len(b), b.decode())
w.close()
print(len(r.read1(5)))
r.close()
