import os
import sys

import perlipc as ipc

k = ipc.fork_open("|-")
if k is None:
    for line in sys.stdin:
        print("kid:", line, end="")
    print("kid eof", flush=True)
    os._exit(0)
for n in 1, 2:
    k.write(f"l{n}\n".encode())
st = k.close()
print(f"r=[{'1' if st.ok else ''}] st={int(st)}")
