import perlipc as ipc

with ipc.SIG.block("USR1"):
    print(ipc.qx("grep SigBlk /proc/self/status", text=True), end="")
