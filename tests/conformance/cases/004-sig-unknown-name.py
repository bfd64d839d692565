import os

import perlipc as ipc

for name in "FOO", "SIGINT":
    try:
        ipc.SIG[name] = lambda _: None
        print(f"{name}: taken")
    except KeyError as e:
        print(f"{name}: KeyError {e}")
try:
    print(ipc.SIG["FOO"])
except KeyError as e:
    print(f"reading: KeyError {e}")
try:
    ipc.kill("FOO", os.getpid())
except ValueError as e:
    print(e)
