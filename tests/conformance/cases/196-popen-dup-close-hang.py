import os

import perlipc as ipc

o = ipc.open("|-", "cat >/dev/null")
d = os.dup(o.fileno())
o.timeout = 1
try:
    o.close()
    print("no hang")
except TimeoutError:
    print("hang")
os.close(d)
print(f"child ends: {int(o.child.wait().ok)}")
o = ipc.open("|-", "cat >/dev/null")
d = os.dup(o.fileno())
os.close(d)
print(f"dup first: {int(o.close().ok)}")
