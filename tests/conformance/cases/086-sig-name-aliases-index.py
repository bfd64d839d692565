import perlipc as ipc

print(f"signal #17 = {ipc.SIG.signame[17]}")
for name in "ALRM", "CHLD", "IOT", "CLD", "POLL":
    print(f"{name} = {ipc.SIG.signo[name]}")
