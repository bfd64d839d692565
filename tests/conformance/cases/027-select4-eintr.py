import perlipc as ipc

seen = []
ipc.SIG["ALRM"] = seen.append
r, w = ipc.pipe()
ipc.alarm(0.2)
ready, _, _ = ipc.select([r], timeout=0.6)
print(f"n={len(ready)} EINTR=0 g={len(seen)}")
