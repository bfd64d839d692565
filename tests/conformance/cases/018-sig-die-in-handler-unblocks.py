import os

import perlipc as ipc


def die(_):
    raise RuntimeError("caught")


ipc.SIG["USR1"] = die
for i in 1, 2, 3:
    try:
        ipc.kill("USR1", os.getpid())
        print("no")
    except RuntimeError as e:
        print(i, e)
