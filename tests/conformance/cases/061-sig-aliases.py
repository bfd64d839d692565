import os

import perlipc as ipc

for alias, name in ("CLD", "CHLD"), ("IOT", "ABRT"), ("POLL", "IO"):
    ipc.SIG[alias] = lambda name: print(f"got {name}")
    if alias == "CLD":
        print(f"CHLD set: {int(callable(ipc.SIG['CHLD']))}")
    both = (name, alias) if alias == "CLD" else (alias, name)
    for one in both:
        ipc.kill(one, os.getpid())
