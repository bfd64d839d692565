import os
import tty

import perlipc as ipc
from perlipc import Poll

r, w = ipc.pipe()
a, b = ipc.socketpair()
master, slave = os.openpty()
tty.setraw(slave)
pty = ipc.adopt(master)
s = Poll()
for stream, name in ((r, "pipe"), (a, "sock"), (pty, "pty")):
    s.add(stream, Poll.READ, name)
for write, read in ((w.write, r), (b.write, a), (lambda data: os.write(slave, data), pty)):
    write(b"x")
    print(",".join(name for name, _ in s.ready(1)))
    read.read1(1)
