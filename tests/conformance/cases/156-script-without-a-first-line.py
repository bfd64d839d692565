import errno
from pathlib import Path

import perlipc as ipc


def made(name, text):
    Path(name).write_text(text)
    Path(name).chmod(0o755)


made("s1", 'echo $# "$1"\nexit 5\n')
print(ipc.system(["./s1", "a b", "c"]).code)
print(ipc.system("./s1 x").code)
with ipc.open("-|", ["./s1", "z"]) as f:
    print(f.read().decode(), end="")
print(f.status.code)
made("s2", "")
print(int(ipc.system(["./s2"])))
made("s3", "#!/no/such/interpreter\n")
try:
    print(ipc.system(["./s3"]))
except OSError as error:
    print(f"-1 ENOENT={int(error.errno == errno.ENOENT)}")
made("s4", "#!/bin/sh -e\necho four; false; echo not\n")
print(ipc.system(["./s4"]).code)
