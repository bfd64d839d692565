import perlipc as ipc
from perlipc import Poll


def can_read(s: Poll, timeout: float = 0) -> list:
    return [tag for tag, _ in s.ready(timeout)]


r, w = ipc.pipe()
r2, w2 = ipc.pipe()
w.autoflush = w2.autoflush = True
s = Poll()
s.add(r, tag="r")
s.add(r2, tag="r2")
w2.write(b"b")
print(",".join(can_read(s, 1)))
w.write(b"a")
print(",".join(sorted(can_read(s, 1))))
s.remove("r2")
s.add(r, tag="r")
print("count", len(s))
w.close()
r.read1(1)
print(f"{len(can_read(s))}{len(r.read1(1))}")
s.remove("r")
print(f"{len(s)}{len(can_read(s))}")
s.add(r2.fileno(), tag="fd")
print(",".join(can_read(s)))
