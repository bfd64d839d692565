import errno

import perlipc as ipc

try:
    ipc.exec(["nosuch_xyz", "a"])
except OSError as e:
    print(f"r=[0] ENOENT={int(e.errno == errno.ENOENT)}")
