import os

import perlipc as ipc

with open("echo hi|", "w") as o:
    o.write("literal file\n")
with open("-", "w") as o:
    o.write("dash file\n")
argv = ipc.argv(["echo hi|", "-", "> x"], text=True)
for line in argv:
    print(f"[{argv.name}] {line}", end="")
print(int(os.path.exists("x")))
