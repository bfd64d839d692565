import os
import re

import perlipc as ipc

with open("in", "w") as o:
    o.write("1\n2\n")
os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
n = os.open("in", os.O_RDONLY)
for s in (
    "<&N", "<& N", " <&N ", "<&=N", "<&NOPE", "<&99", "<&=99", "<&", "<&=", "<", "< ", "<in", "<  in  ", "<\tin", "in\n",
    "\tin\t", "|", "||", "-x", "<&STDERR", "<&-1", "<&+1", "<&N x"
):  # fmt: skip
    os.lseek(n, 0, os.SEEK_SET)
    lines = list(ipc.argv([re.sub("N(?!O)", str(n), s)], magic=True))
    shown = re.sub(r"\s", "_", s)
    print(f"[{shown}] {len(lines)}")
