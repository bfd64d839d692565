import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("line1\nline2\nline3\n")
fd = os.open("in", os.O_RDONLY)
os.dup2(fd, 0)
stdin = ipc.adopt(os.dup(0))
print("file: perl got", stdin.readline().decode(), end="")
# The stream has read ahead: what a child finds on the shared descriptor is behind that.
ipc.system("cat")
print("parent still has", stdin.readline().decode(), end="")
