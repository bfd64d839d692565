import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("one\ntwo\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
argv = ipc.argv([], magic=True, text=True)
for line in argv:
    print(f"[{argv.name}] {argv.lineno}:{line}", end="")
print("end")
