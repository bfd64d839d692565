"""Names and numbers of signals: the manual's @signame and %signo."""

import perlipc as ipc

print(f"signal #17 = {ipc.SIG.signame[17]}")
if "ALRM" in ipc.SIG.signo:
    print(f"SIGALRM is {ipc.SIG.signo['ALRM']}")
print(*ipc.SIG.signame[1:32])
