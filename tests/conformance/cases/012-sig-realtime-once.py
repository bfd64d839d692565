import os

import perlipc as ipc

calls = []
ipc.SIG["RTMIN+2"] = calls.append
with ipc.SIG.block("RTMIN+2"):
    for _ in range(5):
        ipc.kill("RTMIN+2", os.getpid())
print(f"calls={len(calls)}")
ipc.kill("RTMIN+2", os.getpid())
print(f"calls={len(calls)}")
