import fcntl
import os

import perlipc as ipc

base = ipc.qx("ls /proc/self/fd;").split()
x = os.open("/dev/null", os.O_RDONLY)
a, b = os.pipe()
os.set_inheritable(x, True)
os.set_inheritable(a, True)
kid = ipc.open3("ls /proc/self/fd; true")
lines = kid.reader.read().split()
print("new fds in child:", len([fd for fd in lines if fd not in base]))
flags = [fcntl.fcntl(end.fileno(), fcntl.F_GETFD) & fcntl.FD_CLOEXEC for end in (kid.writer, kid.reader)]
print(*flags, sep=",")
kid.close()
