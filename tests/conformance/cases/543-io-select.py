import perlipc as ipc
from perlipc import Poll


def can_read(s: Poll) -> list:
    return [tag for tag, events in s.ready(0) if events & Poll.READ]


r, w = ipc.pipe()
s = Poll()
s.add(r)
print(f"{len(s)}{int(r in s)}{int(w in s)}", "".join(map(str, can_read(s))), end=" ")
s.add(w, tag=(w, "tag"))
print(len(s))
w.write(b"x")
c = can_read(s)
print(f"{len(c)}{int(c[0] is r)}")
sets = ipc.select([r, w], [r, w], timeout=0)
print(len(sets), len(sets[0]), len(sets[1]))
s.remove(r)
print(len(s), "".join("A" if isinstance(tag, tuple) else "x" for tag, _ in s.ready(0)))
print(len(can_read(Poll())))
