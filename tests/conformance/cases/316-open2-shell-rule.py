import perlipc as ipc

for c in "cat -n | tail -1", ["cat", "-n"], "cat -n":
    ran = ipc.open2(c, text=True).communicate("one\ntwo\n")
    lines = "".join(f" {' '.join(line.split())} " for line in ran.stdout.splitlines())
    print(f"{c if isinstance(c, str) else ' '.join(c)}:{lines} code={ran.status.code}")
r, w, pid = ipc.open2("cat", text=True)
w.write("goes out at once\n")
print(r.readline(), end="")
w.close()
