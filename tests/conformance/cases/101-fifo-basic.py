import os

import perlipc as ipc

os.umask(0o022)
ipc.mkfifo("f", 0o666)
print(f"1 {os.stat('f').st_mode & 0o7777:o} {int(ipc.is_fifo('f'))} {int(os.path.isfile('f'))}")
try:
    ipc.mkfifo("f", 0o600)
except FileExistsError:
    print("0 EEXIST=1")


def write() -> int:
    with ipc.open_fifo("f", ">") as w:
        w.write(b"one\ntwo\n")
    return 0


p = ipc.fork(write)
with ipc.open_fifo("f", "<") as r:
    lines = r.readlines()
    print(f"{len(lines)} lines, eof={int(r.eof())}")
p.wait()
print(f"{int(ipc.is_fifo('nofile'))}{int(os.path.lexists('nofile'))}")
