import os

import perlipc as ipc

r, w = os.pipe()
os.write(w, b"1\n2\n3\n")
os.close(w)
os.dup2(r, 0)
with open("a", "w") as o:
    o.write("a\n")
argv = ipc.argv(["-"], magic=True, text=True)
line = next(argv)
print(argv.name, argv.lineno, line, end="")
argv.close()
argv.push("a")
argv.push("-")
for line in argv:
    print(argv.name, argv.lineno, line, end="")
