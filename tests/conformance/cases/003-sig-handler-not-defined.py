import os

import perlipc as ipc

try:
    ipc.SIG["USR1"] = "late"
except ValueError as e:
    print(e)
ipc.SIG["USR1"] = lambda name: late(name)


def late(name):
    print("late", name)


ipc.kill("USR1", os.getpid())
print("end")
