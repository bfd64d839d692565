import sys

import perlipc as ipc


def hello():
    print("hello")
    return 1


def x():
    print("x")
    return 0


for body in hello, x, lambda: None, lambda: int(ipc.system("exit 3;")) & 255:
    print(ipc.fork(body).wait().code)
    sys.stdout.flush()
