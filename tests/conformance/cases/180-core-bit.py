import perlipc as ipc

st = ipc.system(["sh", "-c", "kill -ABRT $$"], rlimits={"core": 0})
print(f"{int(st) & 127} core={int(st) & 128}")
