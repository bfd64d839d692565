import os

import perlipc as ipc

os.dup2(1, 2)
cmd = "echo out; echo err >&2"
kid = ipc.open3(cmd, merge=True, text=True)
kid.writer.close()
print("same:", "".join(sorted(kid.reader)), end="", flush=True)
kid = ipc.open3(cmd, stderr="inherit", text=True)
kid.writer.close()
kid.child.wait()
print("theirs:", kid.reader.read(), end="")
