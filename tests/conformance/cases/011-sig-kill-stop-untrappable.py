import os

import perlipc as ipc

try:
    ipc.SIG["KILL"] = lambda _: print("no")
except OSError as e:
    print(f"errno={e.errno} now={ipc.SIG['KILL']}")


def kid():
    try:
        ipc.SIG["KILL"] = "IGNORE"
    except OSError:
        ipc.kill("KILL", os.getpid())
    return 3


print(f"st={int(ipc.fork(kid).wait())}")
