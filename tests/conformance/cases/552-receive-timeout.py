import errno

import perlipc as ipc

a, b = ipc.socketpair()
a.timeout = 0.2
try:
    print(len(a.read1(9)))
except OSError as e:
    print(f"undef EAGAIN={int(e.errno == errno.EAGAIN)} ETIMEDOUT={int(e.errno == errno.ETIMEDOUT)}")
b.write(b"late")
x = a.read1(9)
print(f"n={len(x)} x={x.decode()}")
