import os

import perlipc as ipc

open("plain", "w").close()
os.symlink("loop", "loop")
os.symlink("nowhere", "dangling")
for u in 0, 0o22, 0o777:
    os.umask(u)
    for m in 0o666, 0o777, 0, 0o1777:
        p = f"f{u:o}-{m:o}"
        ipc.mkfifo(p, m)
        print(f"{p} 1 {os.lstat(p).st_mode & 0o7777:o}")
for p in "plain", ".", "nodir/f", "plain/f", "", "dangling", "loop", "x" * 300, "new/":
    try:
        ipc.mkfifo(p)
        made = "made"
    except OSError as error:
        made = f"error {error.errno}"
    print(f"{p[:9]} {made} -p {int(ipc.is_fifo(p))}")
