import os

import perlipc as ipc

out = os.open("o", os.O_WRONLY | os.O_CREAT, 0o600)
kid = ipc.open3("echo to-file; echo to-stdout >&2", stdout=out, stderr=1)
kid.writer.close()
os.fstat(out)
print("OUT: open")
kid = ipc.open3("echo again", stdout=out, stderr=2)
kid.writer.close()
os.close(out)
print(open("o").read(), end="")
