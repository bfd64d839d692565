import errno
import os

import perlipc as ipc

os.setpgrp()
try:
    os.setsid()
    print("1")
except PermissionError as e:
    print(f"0 EPERM={int(e.errno == errno.EPERM)}")
tell = 'read -r _ _ _ _ g s _ </proc/self/stat; [ "$s" = $$ ] && echo "leads its session group $([ "$g" = $$ ] && echo 1) tty 0"'
said = ipc.qx(["sh", "-c", tell], session=True, text=True)
print(said, end="")
