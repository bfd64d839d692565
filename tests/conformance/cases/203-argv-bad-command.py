import perlipc as ipc

with open("ok", "w") as o:
    o.write("data\n")
st = 77
for line in ipc.argv(["nosuchcmd_xyz|", "exit 3;|", "ok"], magic=True, text=True):
    print(line, end="")
print(f"$?={st}")
for line in ipc.argv(["exit 5;|"], magic=True):
    pass
print(f"last $?={st}")
argv = ipc.argv(["echo x; exit 6|", "ok"], magic=True)
for line in argv:
    if argv.eof():
        closed = argv.close()
        st = int(closed) if closed is not None else st
print(f"explicit close $?={st}")
