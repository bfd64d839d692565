import os

import perlipc as ipc

ipc.SIG["USR1"] = lambda _: print("[got]", end="")
for s in "SIGUSR1", "USR1", 10, "10", "usr1", "sigusr1", "SIGFOO", "":
    try:
        print(f"'{s}' -> {ipc.kill(s, os.getpid())}")
    except ValueError as e:
        print(f"'{s}' -> died: {e}")
for p in "abc", "", None, "12x":
    try:
        print(f"ret {ipc.kill(0, p)}")
    except TypeError as e:
        print(type(e).__name__)
