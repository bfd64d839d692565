import perlipc as ipc

for say in "#comment\nrest\n", "data\n", "":
    with ipc.open("-|", ["printf", "%s", say], text=True) as f:
        print(f"[{f.peek(1)}] {f.readline() or 'end'}".rstrip("\n"))
a, b = ipc.socketpair()
a.write(b"GET /\nmore\n")
print(f"{b.peek(3).decode()}: {b.readline().decode()}{b.readline().decode()}", end="")
