import os
import time

import perlipc as ipc

kids = []


def kid(i):
    time.sleep(0.3 * i)
    return i


for i in 1, 2:
    kids.append(ipc.fork(kid, i))
    os.setpgid(kids[-1].pid, kids[0].pid)
other = ipc.fork(lambda: 9)
which = {kids[0].pid: "first", kids[1].pid: "second"}
try:
    while True:
        pid, status = ipc.wait(pid=-kids[0].pid)
        print(which.get(pid, "other"), status.code)
except ChildProcessError:
    print("no more")
print(other.wait().code)
