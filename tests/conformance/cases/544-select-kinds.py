import os

import perlipc as ipc


def sel(*sets) -> str:
    ready = ipc.select(*(things or [] for things in sets), timeout=0)
    return f"{sum(map(len, ready))}={'+'.join(str(len(things)) for things in ready)}"


u = None
r, w = ipc.pipe()
w.autoflush = True
print(sel([r], [w], u), sel([r, w], u, u), sel(u, [r, w], u), sel([r], [w], [r, w]))
a, b = ipc.socketpair()
b.autoflush = True
print(sel([a, b], [a, b], [a, b]), end=" ")
b.write(b"x")
print(sel([a], [a], [a]), end=" ")
b.close()
print(sel([a], [a], [a]), end=" ")
a.read1(1)
print(sel([a], [a], [a]))
w.write(b"x")
print(sel([r], u, [r]), end=" ")
r.close()
print(sel(u, [w], u), sel([w], u, u))
n, f, d = open("/dev/null"), open("file", "w+"), os.open(".", os.O_RDONLY)
print(sel([n, f], [f], u), sel([d], u, u), sel([], [], []), sel(u, u, u))
