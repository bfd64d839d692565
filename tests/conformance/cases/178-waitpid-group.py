import os
import time

import perlipc as ipc

a = ipc.start(["sh", "-c", "exit 3"], process_group=0)
b = ipc.start(["sh", "-c", "sleep 0.2; exit 4"])
time.sleep(0.4)
st = ipc.waitpid(0)
print(f"group 0 got b={int(b.wait() == st)} st={st.code}")
st = ipc.waitpid(-a.pid)
print(f"group a got a={int(a.wait() == st)} st={st.code}")
