import os
import sys
import time

import perlipc as ipc

w = ipc.fork_open("|-")
if w is None:
    sys.stdin.read()
    os._exit(0)
sleeper = ipc.fork()
if sleeper is None:
    time.sleep(30)
    os._exit(0)
w.timeout = 1
try:
    w.close()
    print("err=")
except TimeoutError:
    print("err=deadlock")
sleeper.kill("KILL")
sleeper.wait()
print(f"kid ends now: {int(w.child.wait().ok)}")
