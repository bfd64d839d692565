import perlipc as ipc

for n in "ab":
    with open(n, "w") as o:
        o.write("1\n2\n")
argv = ipc.argv(["a", "b"])
print(*(argv.lineno for _ in argv))
argv = ipc.argv(["a", "b"])
numbers = []
for _ in argv:
    numbers.append(argv.lineno)
    if argv.eof():
        argv.close()
print(*numbers)
