import perlipc as ipc

r, w = ipc.pipe()
w.write(b"a\nb\n")
r.readline()
ready, _, _ = ipc.select([r], timeout=0.1)
print(f"select={len(ready)} but readline gives", r.readline().decode(), end="")
