import errno

import perlipc as ipc

a, b = ipc.socketpair()
a.write(b"question\n")
a.shutdown("write")
print("shutdown 1")
lines = b.readlines()
print("peer got", f"{len(lines)}:", *(line.decode() for line in lines), end="")
b.write(b"answer\n")
print("we got", a.readline().decode(), end="")
try:
    print(a.write(b"x"))
except OSError as e:
    print(f"undef EPIPE={int(e.errno == errno.EPIPE)}")
try:
    a.shutdown("both halves")
except ValueError:
    print("0 EINVAL=1")
