import time

import perlipc as ipc

seen = []
ipc.SIG["ALRM"] = seen.append


def kid():
    time.sleep(0.4)
    return 6


for how in "waitpid", "wait":
    seen.clear()
    p = ipc.fork(kid)
    ipc.alarm(0.1)
    if how == "wait":
        got, status = ipc.wait()
    else:
        got, status = p.pid, ipc.waitpid(p.pid)
    print(f"{how}: ours={int(got == p.pid)} status={status.code} g={len(seen)}")
