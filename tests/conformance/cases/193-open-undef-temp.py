import os
import tempfile

import perlipc as ipc

with tempfile.TemporaryFile(buffering=0) as f:
    f.write(b"parent\n")
    kid = ipc.fork()
    if kid is None:
        os.write(f.fileno(), b"child\n")
        os._exit(0)
    kid.wait()
    f.write(b"again\n")
    f.seek(0)
    print(f.read().decode(), end="")
