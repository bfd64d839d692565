import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("stdin line\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
for name, text in ("0", "zero\n"), ("+x", "plus\n"), ("f|", "no command\n"):
    with open(name, "w") as o:
        o.write(text)
os.mkdir("dir")
argv = ipc.argv(["-", "-", "", "0", "dir", "0", "+x", "<f|"], magic=True, text=True)
for line in argv:
    print(f"[{argv.name}] {line}", end="")
print("end")
