import os

import perlipc as ipc

pr, cw = ipc.pipe()
cr, pw = ipc.pipe()
kid = ipc.fork()
if kid is None:
    cr.close()
    cw.close()
    line = pr.readline().decode().rstrip("\n")
    print(f"child read '{line}'", flush=True)
    pw.write(b"from child\n")
    os._exit(0)
pr.close()
pw.close()
cw.write(b"from parent\n")
line = cr.readline().decode().rstrip("\n")
kid.wait()
print(f"parent read '{line}'")
