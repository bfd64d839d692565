import errno
import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
f = ipc.open("|-", "nosuchcmd_xyz <&-;")
ipc.sleep(0.3)
n = f.write(b"bang\n")
try:
    f.close()
except OSError as e:
    print(f"print={int(n == 5)} close=0 EPIPE={int(e.errno == errno.EPIPE)} status={f.status.code}")
