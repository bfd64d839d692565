import os

import perlipc as ipc

who = "parent"
ipc.SIG["USR1"] = lambda _: print(f"handler in the {who}", flush=True)
ipc.SIG["USR2"] = "IGNORE"


def kid():
    global who
    who = "child"
    ipc.kill("USR1", os.getpid())
    ipc.SIG["USR1"] = "IGNORE"
    ipc.kill("USR1", os.getpid())


ipc.fork(kid).wait()
ipc.kill("USR1", os.getpid())
status = ipc.system(["sh", "-c", "kill -USR2 $$; echo still here; kill -USR1 $$; echo never"])
print(f"signal {int(status) & 127}")
