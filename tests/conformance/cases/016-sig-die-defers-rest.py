import os

import perlipc as ipc

o = []


class Bye(Exception):
    pass


def hup(name):
    o.append(name)
    raise Bye("bye")


ipc.SIG["HUP"] = hup
ipc.SIG["USR1"] = ipc.SIG["TERM"] = o.append
try:
    with ipc.SIG.block("HUP", "USR1", "TERM"):
        for name in "TERM", "USR1", "HUP":
            ipc.kill(name, os.getpid())
except Bye as e:
    print(f"err={e}")
# A safe point.
ipc.sleep(0)
print("right after:", *o)
for _ in range(100):
    pass
print("later:", *o)
ipc.SIG["WINCH"] = o.append
ipc.kill("WINCH", os.getpid())
print("after WINCH:", *o)
