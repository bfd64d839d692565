import os

import perlipc as ipc

r, w = ipc.pipe(text=True)
w.autoflush = True
go, tell = os.pipe()
c = ipc.open("-|", "echo now; read x <&3; echo later; exit 3", fds={3: go}, text=True)
names = {c: "cmd", r: "pipe"}
m = [c, r]
for turn in range(1, 6):
    ready = ipc.select(m, timeout=10)[0]
    print(len(ready), end="")
    for h in ready:
        b = h.read1(99)
        shown = b.replace("\n", "N")
        print(f" {names[h]} {len(b)} [{shown}]", end="")
        if not b:
            m.remove(h)
    print()
    if turn == 1:
        w.write("p")
    elif turn == 2:
        os.write(tell, b"x\n")
    elif turn == 4:
        st = c.close()
        print("ok" if st.ok else "no", st.code)
        w.close()
print(len(ipc.select(m, timeout=0)[0]))
