import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("from stdin\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
with open("f", "w") as o:
    o.write("from f\n")
for names in ["-", "f"], []:
    argv = ipc.argv(names, text=True)
    for line in argv:
        print(f"[{argv.name}] {line}", end="")
