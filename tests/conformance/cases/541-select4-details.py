import errno
import os

import perlipc as ipc


def count(r=(), w=(), timeout=0.0) -> int:
    return sum(len(ready) for ready in ipc.select(r, w, timeout=timeout))


r, w = ipc.pipe()
print(count([r], [w]), end=" ")
w.write(b"z")
print(count([r], [w]), end=" ")
try:
    print(count([r], timeout=-5), end=" ")
except ValueError as error:
    print(type(error).__name__, end=" ")
os.set_blocking(w.fileno(), False)
try:
    while True:
        os.write(w.fileno(), b"x" * 65536)
except BlockingIOError:
    print(count(w=[w]), end=" ")
w.close()
while r.read1(65536):
    pass
print(count([r]))
try:
    print(count([200]))
except OSError as error:
    print(type(error).__name__, f"EBADF={int(error.errno == errno.EBADF)}")
print(count(timeout=0.05))
