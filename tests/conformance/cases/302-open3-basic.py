import perlipc as ipc

cmd = 'read l; echo "out $l"; echo "err $l" >&2'
w, r, e, pid = ipc.open3(cmd, text=True)
w.write("x\n")
w.close()
print("r:", r.read(), end="")
print("e:", e.read(), end="")
r.close()
e.close()
for _ in range(3):
    w, r, e, pid = ipc.open3(cmd, merge=True, text=True)
    w.write("y\n")
    w.close()
    print("merged:", *sorted(r), end="")
    r.close()
