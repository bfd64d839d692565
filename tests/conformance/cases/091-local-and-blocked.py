import os
import signal

import perlipc as ipc

got: list[str] = []


def note(what):
    return lambda name: got.append(what)


def kill(name):
    ipc.kill(name, os.getpid())


ipc.SIG["USR1"] = note("outer")
with ipc.local(ipc.SIG, USR1=note("inner")):
    kill("USR1")
    with ipc.local(ipc.SIG, USR1="IGNORE"):
        kill("USR1")
    kill("USR1")
kill("USR1")
print(*got)
got.clear()
ipc.SIG["USR1"] = note("one")
ipc.SIG["USR2"] = note("two")
with ipc.SIG.block("USR1", "USR2"):
    for name in "USR2", "USR1", "USR1":
        kill(name)
    pending = signal.sigpending()
    print(f"pending {int(signal.SIGUSR1 in pending)}{int(signal.SIGUSR2 in pending)} got [{' '.join(got)}]")
print(f"then [{' '.join(got)}]")
got.clear()
with ipc.SIG.block("USR1"):
    kill("USR1")
    ipc.SIG["USR1"] = "IGNORE"
    ipc.SIG["USR1"] = note("late")
print(f"thrown away [{' '.join(got)}]")
