import perlipc as ipc

with open("script", "w") as o:
    o.write("echo sourced\n")
commands = [
    "VAR=seen printenv VAR",
    "exec echo by exec",
    ". ./script",
    "echo a # b",
    "echo % ! ^ , : @ + = -",
    "echo A=b c",
    "execute",
    ".hidden",
    "echo exec x",
    "/bin/echo =a",
]
for c in commands:
    try:
        with ipc.open("-|", c, text=True) as f:
            print(f"{c}: {f.read()}", end="")
    except FileNotFoundError:
        print(f"{c}: no such file: 1")
