import time

import perlipc as ipc

f = ipc.open("-|", "echo x; exec >&- 2>&-; sleep 0.5; exit 5")
lines = list(f)
began = time.monotonic()
st = f.close()
print(f"lines={len(lines)} close={int(st.ok)} code={st.code} waited={int(time.monotonic() - began > 0.3)}")
