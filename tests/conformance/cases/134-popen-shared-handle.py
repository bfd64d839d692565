import os

import perlipc as ipc

f = ipc.open("-|", "echo a; echo b; exit 5")
g = ipc.adopt(os.dup(f.fileno()), text=True)
print("first:", g.readline(), end="")
st = f.close()
print(f"close the original: {int(st.ok)} code={st.code}")
print(f"close the copy: {g.close()}")
