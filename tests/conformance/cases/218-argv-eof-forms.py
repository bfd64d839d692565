import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
for n in "ab":
    with open(n, "w") as o:
        o.write(f"{n}-1\n{n}-2\n")
open("empty", "w").close()
argv = ipc.argv(["a", "empty", "nofile", "b", "empty"], text=True)
print(f"{int(argv.eof())}{int(argv.eof_all())} {argv.name}")
for line in argv:
    e = int(argv.eof())
    everything = int(argv.eof_all()) if e else "-"
    print(f"{line.rstrip()} {e}{everything} {argv.name} {argv.lineno}")
argv.push("nofile")
print(int(argv.eof_all()), argv.name)
argv = ipc.argv(["a"], text=True)
for line in argv:
    print(line.rstrip(), argv.lineno)
    if line == "a-2\n" and argv.eof_all():
        argv.push("nofile")
        argv.push("b")
print("end", argv.name, argv.lineno)
argv = ipc.argv(["empty"], text=True)
argv.set_separator(None)
print(len(next(argv)))
print(int(argv.eof()))
