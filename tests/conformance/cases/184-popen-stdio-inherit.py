import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("stdin data\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
os.dup2(1, 2)
with ipc.open("-|", "cat; echo err >&2") as f:
    lines = f.read().decode()
print("via pipe:", lines, end="")
with ipc.open("|-", "cat") as f:
    f.write(b"to child\n")
