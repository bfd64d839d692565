import os

import perlipc as ipc

with open("prog", "w") as o:
    o.write("#!/bin/sh\necho out; echo err >&2; echo $#\n")
os.chmod("prog", 0o755)
os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
commands = [
    "./prog a 2>&1",
    "./prog a 2>&1 ",
    "./prog a 2>&1\n",
    "./prog a 2>&1 b",
    "nosuchcmd_xyz 2>&1",
    "nosuchcmd_xyz 2>&1 ",
    "nosuchcmd_xyz 2>&1 b",
    "nosuchcmd_xyz a2>&1",
]
for c in commands:
    print("'" + c.replace("\n", "\\n") + "'", end=" ")
    try:
        with ipc.open("-|", c, text=True) as f:
            lines = ["the shell complains" if "nosuch" in line else line.rstrip("\n") for line in f]
        print(f"code={f.status.code}", *lines, end="\n" if lines else " \n")
    except FileNotFoundError:
        print("ENOENT=1")
