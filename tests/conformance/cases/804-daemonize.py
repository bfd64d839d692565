import os
import stat

import perlipc as ipc

r, w = ipc.pipe(text=True)
parent = os.getpid()
if ipc.daemonize(umask=0o022, keep=True):
    w.close()
    print("parent: code=0")
    print("daemon:", r.readline(), end="")
else:
    print("nobody hears this", flush=True)
    leader = int(os.getpgrp() == os.getpid())
    gone = int(os.getppid() != parent)
    w.write(f"cwd {os.getcwd()} leader {leader} parent gone {gone} stdin {int(stat.S_ISCHR(os.fstat(0).st_mode))}\n")
    os._exit(0)
