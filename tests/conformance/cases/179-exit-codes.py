import os
import sys

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)


def fail(error):
    raise error


for n in 0, 3, 255, 256, 259, -1:
    print(f"exit {n}: {ipc.fork(sys.exit, n).wait().code}")
print(f"die with errno 5: {ipc.fork(fail, OSError(5, 'x')).wait().code}")
print(f"die without: {ipc.fork(fail, RuntimeError('x')).wait().code}")
