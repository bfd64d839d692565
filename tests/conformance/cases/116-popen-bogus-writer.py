import errno

import perlipc as ipc

# There is no stream to write to: the failing open is the whole story.
try:
    ipc.open("|bogus_xyz")
except OSError as e:
    print(0, f"ENOENT={int(e.errno == errno.ENOENT)}")
