import perlipc as ipc

names = "HUP INT QUIT KILL USR1 PIPE ALRM TERM STKFLT CHLD STOP SYS RTMIN NUM35 NUM63 RTMAX IOT CLD POLL"
for name in names.split():
    print(f"{name}={ipc.SIG.number(name)}")
print(f"17 is {ipc.SIG.signame[17]}, 14 is {ipc.SIG.signame[14]}, 64 is {ipc.SIG.signame[64]}")
print("ALRM is 17:", "yes" if ipc.SIG.signo["ALRM"] == 17 else "no")
