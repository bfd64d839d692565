import os

import perlipc as ipc


def handler(_):
    try:
        raise RuntimeError("inner")
    except RuntimeError:
        pass
    ipc.system("exit 3;")


ipc.SIG["USR1"] = handler
status = ipc.system("exit 5;")
try:
    raise RuntimeError("outer")
except RuntimeError as e:
    ipc.kill("USR1", os.getpid())
    print(f"error={e}")
print(f"status={status.code}")
