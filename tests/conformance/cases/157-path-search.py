import errno
import os
from pathlib import Path

import perlipc as ipc

for n in range(1, 5):
    Path(f"d{n}").mkdir()
    Path(f"d{n}/prog").write_text(f"#!/bin/sh\necho from {n} $1\n")
Path("d3/prog").chmod(0o755)
Path("d4/prog").chmod(0o755)
Path("d2/prog").unlink()
Path("d2/prog").mkdir()
here = Path.cwd()


def attempt():
    try:
        print(f"st {int(ipc.system(['prog', 'x']))}")
    except OSError as error:
        print(-1, errno.errorcode[error.errno])


for path in ([1, 2, 3, 4], [4, 3], [1, 2], [2], [9], []):
    os.environ["PATH"] = ":".join([*(f"{here}/d{n}" for n in path), f"{here}/none"])
    attempt()
os.environ["PATH"] = f"{here}/d3/prog"
attempt()
del os.environ["PATH"]
print(int(ipc.system(["echo", "default"])))
