import errno
import os

import perlipc as ipc


def tried(call, *args, **words):
    try:
        return call(*args, **words), 0
    except OSError as error:
        return None, error.errno


n = "catsock"
# Bound and listening are one step: nobody ever finds a name that refuses.
s = ipc.unix_listen(n)
print(int(s is not None), f"S={int(ipc.is_socket(n))}")
c, why = tried(ipc.unix_connect, n)
print(int(c is not None), f"REFUSED={int(why == errno.ECONNREFUSED)}")
s.accept().close()
c = ipc.unix_connect(n)
print(int(c is not None))
k = s.accept()
print(f"peer addr len={len(k.peer)} true={int(bool(k.peer))}")
k.write(b"Hello there\n")
k.close()
print(c.read().decode(), end="")
s.close()
print(f"left: {int(ipc.is_socket(n))}")
s, why = tried(ipc.unix_listen, n, keep=True)
print(int(s is not None), f"INUSE={int(why == errno.EADDRINUSE)}")
os.unlink(n)
c, why = tried(ipc.unix_connect, n)
print(int(c is not None), f"ENOENT={int(why == errno.ENOENT)}")
