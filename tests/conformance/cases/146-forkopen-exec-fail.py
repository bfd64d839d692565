import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
k = ipc.fork_open("-|")
if k is None:
    try:
        ipc.exec(["nosuch_xyz", "a"])
    except OSError as e:
        os._exit(e.errno)
lines = list(k)
st = k.close()
print(f"lines={len(lines)} r=[{'1' if st.ok else ''}] st={st.code}")
