import errno

import perlipc as ipc

a = ipc.udp("0.0.0.0", 0)
port = a.address.rpartition(":")[2]
try:
    a.send(b"x", f"127.255.255.255:{port}")
    print(1)
except OSError as e:
    print(f"undef EACCES={int(e.errno == errno.EACCES)}")
print("was", a.option("broadcast"))
a.set_option("broadcast", 1)
a.send(b"x", f"127.255.255.255:{port}")
print(1)
print("heard", a.recv(9)[0].decode())
