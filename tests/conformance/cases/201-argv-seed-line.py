import os

import perlipc as ipc

for n in ("f1", "f2", "f3", "tmpfile"):
    with open(n, "w") as o:
        o.write(f"{n}-a\n{n}-b\n")
os.dup2(os.open("tmpfile", os.O_RDONLY), 0)
argv = ipc.argv(["f1", "echo cmd1|", "-", "f2", " echo cmd2 | ", "f3"], magic=True, text=True)
for line in argv:
    print(f"{argv.lineno}:[{argv.name}]:{line}", end="")
eof = argv.eof_all()
print(f"left={0 if eof else 'some'} eof={int(eof)}")
