import os

import perlipc as ipc


class Clock(Exception):
    pass


def restart(_):
    raise Clock


def limited(do):
    try:
        with ipc.local(ipc.SIG, ALRM=restart):
            try:
                ipc.alarm(0.2)
                do()
            finally:
                ipc.alarm(0)
    except Clock:
        return "timed out"
    return "done"


def other():
    raise RuntimeError("something else")


held = open("lock", "w")
ipc.flock(held, "EX")
ipc.SIG["ALRM"] = lambda _: print("outer")
print(limited(lambda: ipc.flock(open("lock", "w"), "EX")))
print(limited(lambda: 1))
try:
    limited(other)
except RuntimeError as e:
    print(f"passed on: {e}")
ipc.sleep(0.3)
print("timer is off")
ipc.kill("ALRM", os.getpid())
