import socket

import perlipc as ipc

s = ipc.adopt(socket.socket().detach())
for name in "keepalive", "nodelay":
    print(name, s.option(name), end="")
    s.set_option(name, 1)
    print(" then", s.option(name))
s.set_option("rcvbuf", 20000)
print("rcvbuf at least", int(s.option("rcvbuf") >= 20000))
try:
    s.set_option("keepalive", "1")
    print("a string: 1")
except TypeError:
    print("a string: 0")
