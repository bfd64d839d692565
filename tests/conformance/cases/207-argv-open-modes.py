import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("x\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
with open("victim", "w") as o:
    o.write("precious\n")
argv = ipc.argv(["< in", " in ", "<&=0"], magic=True, text=True)
for line in argv:
    print(f"[{argv.name}] {line}", end="")
list(ipc.argv([">victim"], magic=True))
print(f"victim size={os.path.getsize('victim')}")
