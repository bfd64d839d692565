import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("stdin line\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
with open("0", "w") as o:
    o.write("zero\n")
os.mkdir("dir")
argv = ipc.argv(["-", "-", "", "0", "dir", "0"], magic=True, text=True)
for line in argv:
    print(f"[{argv.name}] {line}", end="")
print("end")
