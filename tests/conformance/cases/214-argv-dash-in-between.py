import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("1\n2\n")
with open("f", "w") as o:
    o.write("f\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
argv = ipc.argv(["f", " - ", "f"], magic=True, text=True)
for line in argv:
    print(f"[{argv.name}] {line}", end="")
print("then", len(list(ipc.argv(["<&STDIN", "f"], magic=True))))
