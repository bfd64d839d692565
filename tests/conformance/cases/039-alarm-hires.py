import time

import perlipc as ipc

c = 0


def count(_):
    global c
    c += 1


ipc.SIG["ALRM"] = count
t = time.time()
ipc.alarm(0.1, 0.1)
while c < 3:
    ipc.sleep(0.5)
ipc.alarm(0)
d = time.time() - t
print(f"c={c} d ok={int(0.29 <= d < 1)}")
ipc.alarm(2.5)
left = ipc.alarm(0)
print(f"left ok={int(2.3 < left <= 2.5)}")
