import os

import perlipc as ipc

os.environ["AA"] = "1"
without = {name: value for name, value in os.environ.items() if name != "AA"}
with ipc.open("-|", 'echo "$AA-$BB"', env={**without, "BB": "2"}) as f:
    print(f.read().decode(), end="")
with ipc.open("-|", 'echo "$AA-$BB"') as f:
    print(f.read().decode(), end="")
