import errno
import os

import perlipc as ipc


def tried(call, *args):
    try:
        call(*args)
        return 1
    except OSError as e:
        return {errno.EADDRINUSE: "INUSE", errno.ECONNREFUSED: "REFUSED"}[e.errno]


n = f"@perl-case-535-{os.getpid()}"
l = ipc.unix_listen(n)
print("again", tried(ipc.unix_listen, n))
print("longer", tried(ipc.unix_connect, n + "\0"))
t = ipc.unix_connect(n)
k = l.accept()
print(f"right 1 peer {int(t.peer == n)} nameless {int(k.peer == '')}")
l.close()
k.close()
print("gone", tried(ipc.unix_connect, n))
print("free", tried(ipc.unix_listen, n))
