import os
import sys

import perlipc as ipc

c = """
import os, time
import perlipc as ipc
def kid():
    time.sleep(.2)
    ipc.kill("USR1", os.getppid())
    time.sleep(.2)
    w.write(b"data")
g = []
r, w = ipc.pipe()
ipc.SIG["USR1"] = g.append
p = ipc.fork(kid)
print(f"n={len(r.read1(9))} g={len(g)}")
p.wait()
"""
ipc.system([sys.executable, "-c", c])
os.environ["PERL_SIGNALS"] = "unsafe"
ipc.system([sys.executable, "-c", c])
