import errno

import perlipc as ipc

try:
    ipc.open_pty(["nosuchcmd_xyz", "a"])
    print("spawned")
except OSError as e:
    print(f"undef ENOENT={int(e.errno == errno.ENOENT)}")
try:
    print(f"left={ipc.wait()[0]}")
except ChildProcessError:
    print("left=-1")
