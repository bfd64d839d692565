import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("b\na\n")
out = os.open("out", os.O_WRONLY | os.O_CREAT, 0o600)
with open("in") as file:
    kid = ipc.open3("sort; echo err >&2", stdin=file.fileno(), stdout=out, text=True)
    print("e:", kid.error.read(), end="")
    print(f"code={kid.close().code}")
with open("in") as file:
    child = ipc.start("cat; exit 3", stdin=file.fileno(), stdout=out, stderr=out)
    print(f"code={child.wait().code}")
os.close(out)
print(open("out").read(), end="")
