import atexit
import os
import sys

import perlipc as ipc


def leave(_):
    print("leaving")
    sys.exit(7)


atexit.register(print, "END")
ipc.SIG["TERM"] = leave
ipc.kill("TERM", os.getpid())
print("not reached")
