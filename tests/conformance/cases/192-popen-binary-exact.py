import perlipc as ipc

data = bytes(range(256))
with ipc.open("|-", "cat > bin") as w:
    w.write(data)
with ipc.open("-|", ["cat", "bin"]) as r:
    got = r.read()
print("same" if got == data else "diff", len(got))
