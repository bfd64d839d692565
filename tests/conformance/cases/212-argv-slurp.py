import perlipc as ipc

for n in "ab":
    with open(n, "w") as o:
        o.write("1\n2\n")
open("empty", "w").close()
argv = ipc.argv(["a", "empty", "b"])
argv.set_separator(None)
for whole in argv:
    print(f"{argv.name}:{len(whole)}")
print(len(list(ipc.argv(["a", "b"]))))
