import io

import perlipc as ipc

f = ipc.open("-|", ["printf", "\\303\\251"])
print(len(f.readline()), end=" ")
f.close()
f = ipc.open("-|", ["printf", "\\303\\251"])
print(len(io.TextIOWrapper(f, encoding="utf-8").readline()))
print("st=0" if f.status is None or f.status.ok else "st=?")
