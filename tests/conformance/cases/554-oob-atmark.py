import time

import perlipc as ipc


def mark(stream):
    return "1" if stream.at_mark() else "0 but true"


s = ipc.tcp_listen("127.0.0.1", 0)
c = ipc.tcp_connect("127.0.0.1", s.port)
k = s.accept()
c.write(b"abc")
c.send_urgent(b"!")
c.write(b"def")
time.sleep(0.2)
b = k.read1(10)
print(f"first: {b.decode()} mark=[{mark(k)}]")
print(f"oob: {k.recv_urgent().decode()}")
b = k.read1(10)
print(f"rest: {b.decode()} mark=[{mark(k)}]")
