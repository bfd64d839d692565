import time

import perlipc as ipc

r, w = ipc.pipe()


def kid():
    r.close()
    w.write(b"abc")
    time.sleep(0.6)
    w.write(b"defghijklm")


def timeout(_):
    raise RuntimeError("timeout")


p = ipc.fork(kid)
w.close()
ipc.SIG["ALRM"] = timeout
b = b"init"
try:
    ipc.alarm(0.3)
    b = r.read(10)
    ipc.alarm(0)
except RuntimeError as e:
    print(f"err={e}\n buf=[{b.decode()}]")
b = r.read(10)
print(f"n={len(b)} buf=[{b.decode()}]")
p.wait()
