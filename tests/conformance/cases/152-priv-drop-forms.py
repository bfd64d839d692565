import os

import perlipc as ipc

kid = ipc.fork()
if kid is None:
    ipc.drop_privileges("65534", "65534")
    print(f"gidfirst: uid={os.getuid()} euid={os.geteuid()} egid={os.getegid()}")
    try:
        os.seteuid(0)
    except PermissionError:
        pass
    print(f"  regain euid={os.geteuid()}", flush=True)
    os._exit(0)
kid.wait()
