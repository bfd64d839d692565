import perlipc as ipc

one = ["echo one | tr a-z A-Z"]
try:
    ipc.system(one)
except FileNotFoundError:
    print("a list of one: ENOENT=1")
ipc.system(["echo", "$HOME; *", "|"])
try:
    ipc.system(one, argv0=one[0])
except FileNotFoundError:
    print("program of that name: ENOENT=1")
with ipc.open("-|", ["echo", "a | b"], text=True) as f:
    print(f.read(), end="")
