import errno

import perlipc as ipc


def write(stream):
    try:
        return stream.write(b"x"), 0
    except OSError as error:
        return "undef", error.errno


a, b = ipc.socketpair()
b.close()
ipc.SIG["PIPE"] = lambda name: print(f"[{name}]", end="")
n, why = write(a)
print(n, f"EPIPE={int(why == errno.EPIPE)}")
# What suppresses the signal for one write.
with ipc.local(ipc.SIG, PIPE="IGNORE"):
    n, why = write(a)
    print(n, f"EPIPE={int(why == errno.EPIPE)}")
print(write(a)[0])
