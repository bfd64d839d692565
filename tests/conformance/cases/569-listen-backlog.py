import perlipc as ipc

s = ipc.tcp_listen(None, 0, backlog=5)
print(s.option("listening"))
print(int(s.port > 0))
c = ipc.tcp_connect("127.0.0.1", s.port)
print(int(not c.closed))
c.write(b"early\n")
k = s.accept()
print(k.readline().decode(), end="")
