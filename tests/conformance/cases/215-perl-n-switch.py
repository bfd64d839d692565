import shlex
import sys

import perlipc as ipc

for n in ("f1", "f2", "f3", "tmpfile"):
    with open(n, "w") as o:
        o.write(f"{n}\n")
with open("n.py", "w") as o:
    o.write("import perlipc as ipc, sys\nargv = ipc.argv(sys.argv[1:], magic=True, text=True)\n")
    o.write("for line in argv:\n    print(f'{argv.name}={line}', end='')\n")
ipc.system(f'{shlex.quote(sys.executable)} n.py f1 "echo cmd1|" - f2 "echo cmd2|" f3 < tmpfile')
