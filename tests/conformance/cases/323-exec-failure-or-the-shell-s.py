import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
for c in (
    "nosuch_zz", "nosuch_zz a b", "nosuch_zz a|b;", 'nosuch_zz "q"', "exec nosuch_zz", "/etc/passwd", "/etc/passwd;", "/",
    "./no/such", "exit 9", "true; false"
):  # fmt: skip
    for start in ipc.open2, lambda c: ipc.open3(c, merge=True):
        try:
            kid = start(c)
        except OSError as error:
            print(f"{c}: error {error.errno}")
            continue
        kid.reader.read()
        print(f"{c}: {kid.close().code}")
try:
    print(ipc.wait()[0])
except ChildProcessError:
    print(-1)
