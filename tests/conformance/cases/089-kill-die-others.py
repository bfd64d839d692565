import os
import time

import perlipc as ipc


def sleeper():
    time.sleep(20)
    return 1


def give_up(_):
    raise LookupError("gave up")


p = ipc.fork(sleeper)
ipc.SIG["TERM"] = give_up
try:
    ipc.kill("TERM", os.getpid(), p)
    print("no")
except LookupError as error:
    print(error.args[0])
print(f"child: {int(p.wait()) & 127}")
ipc.SIG["USR1"] = lambda name: print(f"[{name}]", end="")
print(ipc.kill("USR1", os.getpid(), os.getpid()))
