import errno
import os

import perlipc as ipc


def attempt(call):
    try:
        call()
        return 1, 0
    except OSError as e:
        return 0, int(e.errno == errno.ENOSPC)


f = ipc.adopt(os.open("/dev/full", os.O_WRONLY))
f.autoflush = False
p, _ = attempt(lambda: f.write(b"x"))
c, full = attempt(f.close)
print(f"print={p} close={c} ENOSPC={full}")
f = ipc.adopt(os.open("/dev/full", os.O_WRONLY))
p, full = attempt(lambda: f.write(b"x"))
print(f"autoflushed print={p} ENOSPC={full}")
