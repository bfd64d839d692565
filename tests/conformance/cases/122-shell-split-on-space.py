import os

import perlipc as ipc

with open("show", "w") as o:
    o.write("#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done; echo\n")
os.chmod("show", 0o755)
for c in "./show a  b", "./show\ta\t\tb", "./show\x0ba\x0cb\x0dc", " \t./show a ":
    print(ipc.qx(c, text=True), end="")
