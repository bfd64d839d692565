"""The manual's first REAPER: one wait for each CHLD. The handler stays: there is no need to install it anew."""

import perlipc as ipc

waited: list[int] = []


def reaper(signame: str) -> None:
    pid, status = ipc.wait(0)
    waited.append(pid)


ipc.SIG["CHLD"] = reaper
kid = ipc.start("exit 3;")
while not waited:
    ipc.SIG.dispatch(10)  # until a handler has run; none slips through between the look and the wait
print("waited for:", "the kid" if waited == [kid.pid] else "somebody")
print("and its handle still knows:", kid.wait().code)
