import os

import perlipc as ipc

ipc.mkfifo("f")
open("plain", "w").close()
r, w = ipc.pipe()
c = ipc.open("-|", "true;")


def p(thing):
    return int(ipc.is_fifo(thing if isinstance(thing, str) else f"/proc/self/fd/{thing.fileno()}"))


print(f"f={p('f')} plain={p('plain')} dir={p('.')} missing={p('nosuch')} pipe={p(r)}{p(w)} popen={p(c)}")
os.symlink("f", "l")
print(f"link={p('l')}")
