import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("1\n2\n")
with open("f", "w") as o:
    o.write("f\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
for n in " - ", "<-", "< -", "<&STDIN", "<&=STDIN", "<&0", "<& 0", "<&=0":
    os.lseek(0, 0, os.SEEK_SET)
    argv = ipc.argv(["f", n, "f"], magic=True, text=True)
    for line in argv:
        print(f"[{argv.name}] {line}", end="")
