import os

import perlipc as ipc


def h(_):
    pass


ipc.SIG["USR1"] = h
print("same" if ipc.SIG["USR1"] is h else "diff")
print(ipc.SIG["TERM"])
try:
    ipc.SIG["KILL"] = h
except OSError as e:
    print(f"KILL: {os.strerror(e.errno)}")
try:
    ipc.SIG[-999] = h
except KeyError as e:
    print(f"KeyError {e}")
