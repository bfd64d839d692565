import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("l1\nl2\n")
file = open("in")
kid = ipc.open3(["cat"], stdin=file)
print(kid.reader.read().decode(), end="")
kid.close()
print("IN in parent:", "closed" if file.closed else "open")
os.dup2(os.open("in", os.O_RDONLY), 0)
kid = ipc.open3(["cat"], stdin=0)
print(kid.reader.read().decode(), end="")
kid.close()
try:
    os.fstat(0)
    print("STDIN: open")
except OSError:
    print("STDIN: closed")
