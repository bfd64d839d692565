import errno
import os
import sys

import perlipc as ipc


def die():
    raise RuntimeError("x")


def die_of_errno():
    raise OSError(errno.ENOENT, "x")


def die_of_status():
    sys.exit(2)


def leave_with(code):
    return lambda: os._exit(code & 255)


os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
for body in [die, die_of_errno, die_of_status, leave_with(256 + 3), leave_with(-1), lambda: os.kill(os.getpid(), 15)]:
    st = ipc.open("-|", body).close()
    print(st.code or 0, "sig", {None: 0, "TERM": 15}[st.signal])
