import os

import perlipc as ipc

with open("a", "w") as o:
    o.write("a\n")
os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
st = 0
for c in (
    "echo x; exit 3|", "echo x; kill -9 $$|", "echo x|", "a", "nosuch_zz x; |", "nosuch_zz|", "false |"
):  # fmt: skip
    argv = ipc.argv([c, "a"], magic=True, text=True)
    st = 77
    line = next(argv)
    closed = argv.close()
    if closed is not None:
        st = int(closed)
    ok = "true" if closed is None or closed.ok else "false"
    print(f"{c}: {line.rstrip()} from {argv.name}, {ok} {st} {argv.lineno}")
print("false")
argv = ipc.argv(["yes|", "a"], magic=True, text=True)
for line in argv:
    if "y" in line and argv.lineno == 3:
        closed = argv.close()
        st = int(closed) if closed is not None else st
    print(argv.name, argv.lineno, line, end="")
print("end", st & 127)
