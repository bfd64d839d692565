import errno
import os

import perlipc as ipc

f = ipc.open("-|", "sleep 1; exit 3")
kid = ipc.fork()
if kid is None:
    try:
        f.close()
    except ChildProcessError as e:
        print(f"child r=[] $?=-1 ECHILD={int(e.errno == errno.ECHILD)}", flush=True)
    os._exit(0)
kid.wait()
st = f.close()
print(f"parent r=[{'1' if st.ok else ''}] st={st.code}")
