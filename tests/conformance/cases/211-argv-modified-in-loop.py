import perlipc as ipc

for n in "abc":
    with open(n, "w") as o:
        o.write(f"{n}\n")
argv = ipc.argv(["a"], text=True)
for k, line in enumerate(argv):
    print(line, end="")
    if k == 0:
        argv.push("b")
    if k == 1:
        for nested in ipc.argv(["c"], text=True):
            print("nested", nested, end="")
print("end")
