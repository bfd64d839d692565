"""A hang-up for the whole process group, but for the one that sends it: the manual's

    { local $SIG{HUP} = 'IGNORE'; kill HUP => -$$; }

which needs a caller that leads its group.
"""

import os

import perlipc as ipc

if os.getpgrp() != os.getpid():
    os.setpgid(0, 0)
kids = [ipc.start(["sleep", "100"]) for _ in range(3)]
with ipc.local(ipc.SIG, HUP="IGNORE"):
    print("groups reached:", ipc.kill("HUP", -os.getpgrp()))
for kid in kids:
    print("kid: killed by", ipc.SIG.signo[kid.wait().signal or "ZERO"])
print("I survive")
