import os

import perlipc as ipc

os.dup2(1, 2)
duplex = ipc.open2(["sh", "-c", 'while read l; do echo "got $l"; done; echo bye >&2; exit 4'], text=True)
r, w, pid = duplex
w.write("one\ntwo\n")
print(r.readline(), end="")
print(r.readline(), end="", flush=True)
w.close()
print("rest", len(r.readlines()), flush=True)
st = r.close()
print(f"pid={int(pid == duplex.child.pid)} code={st.code}")
