import errno
import os

import perlipc as ipc

os.mkdir("safe", 0o700)
os.chmod(".", 0o700)
k = ipc.fork_open("|-")
if k is None:
    ipc.drop_privileges("65534", "65534")
    ok, denied = 1, 0
    try:
        open("safe/file", "w")
    except OSError as e:
        ok, denied = 0, int(e.errno == errno.EACCES)
    print(f"child uid={os.getuid()} euid={os.geteuid()} gid={os.getgid()} egid={os.getegid()} open={ok} EACCES={denied}")
    try:
        os.seteuid(0)
    except PermissionError:
        pass
    print(f"regain: {os.geteuid()}", flush=True)
    os._exit(0)
k.close()
print(f"parent uid={os.getuid()} euid={os.geteuid()}")
