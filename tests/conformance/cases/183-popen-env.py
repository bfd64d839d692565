import os

import perlipc as ipc

os.environ["AA"] = "1"
with ipc.open("-|", 'echo "$AA-$BB"', env={"BB": "2", "AA": None} | {k: None for k in ()}) as f:
    print(f.read().decode(), end="")
with ipc.open("-|", 'echo "$AA-$BB"') as f:
    print(f.read().decode(), end="")
