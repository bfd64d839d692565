import perlipc as ipc

for n in "abc":
    with open(n, "w") as o:
        o.write("" if n == "b" else "1\n2\n")
argv = ipc.argv(["a", "b", "c"], text=True)
for line in argv:
    print(f"{argv.name}:{line.rstrip()} ", end="")
    print("eof " if argv.eof() else "")
argv = ipc.argv(["a", "b", "c"], text=True)
for line in argv:
    print(f"{argv.name}:{line.rstrip()} ", end="")
    print("the end" if argv.eof_all() else "more", f"now {argv.name}")
