import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
for c in ["nosuchcmd_xyz\n", "nosuchcmd_xyz\n\n", "nosuchcmd_xyz\na", " nosuchcmd_xyz ", "nosuchcmd_xyz\n "]:
    try:
        ipc.open("-|", c).close()
        how = "sh"
    except FileNotFoundError:
        how = "direct"
    print("'" + c.replace("\n", "\\n") + "'", how)
