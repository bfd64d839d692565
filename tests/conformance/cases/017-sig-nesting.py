import os

import perlipc as ipc

depth = 0
again = False


def one(name):
    global depth, again
    depth += 1
    print(f"{name} at {depth}")
    if not again:
        again = True
        ipc.kill("USR1", os.getpid())
        ipc.kill("USR2", os.getpid())
        print(f"back at {depth}")
    depth -= 1


def two(name):
    global depth
    depth += 1
    print(f"{name} at {depth}")
    depth -= 1


ipc.SIG["USR1"] = one
ipc.SIG["USR2"] = two
ipc.kill("USR1", os.getpid())
print(f"end at {depth}")
