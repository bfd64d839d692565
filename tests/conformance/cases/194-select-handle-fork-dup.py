import os

import perlipc as ipc

save = os.dup(0)
os.close(0)
r, w = ipc.pipe()
print("fd", "above 2" if r.fileno() > 2 and w.fileno() > 2 else "standard")
os.dup2(save, 0)
