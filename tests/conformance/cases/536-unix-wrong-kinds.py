import errno
import os

import perlipc as ipc


def tried(call, *args):
    try:
        call(*args)
        return 1
    except OSError as e:
        return errno.errorcode[e.errno]


d, l, q = ipc.unix_dgram("dg"), ipc.unix_listen("st"), ipc.unix_dgram()
print(tried(ipc.unix_connect, "dg"), tried(q.send, b"x", "st"), tried(q.send, b"x", "nowhere"), tried(q.send, b"x"))
open("plain", "w").close()
os.mkdir("dir")
for p in "none/x", "plain", "dir", "plain/x":
    print(f"{p}:", tried(ipc.unix_listen, p), tried(ipc.unix_connect, p))
q.connect("dg")
d.close()
print("dead", tried(q.send, b"x"), "then", tried(q.send, b"x"))
