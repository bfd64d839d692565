import time

import perlipc as ipc

s = ipc.udp("127.0.0.1", 0)
t = ipc.udp("127.0.0.1", 0)
rin = [s]
rout, _, _ = ipc.select(rin, [], [], 0.2)
print(f"n={len(rout)} bits={sum(one is s for one in rout)}")
t.send(b"x", s.address)
end = time.monotonic() + 5
rout, _, _ = ipc.select(rin, [], [], 5)
left = end - time.monotonic()
print(f"n={len(rout)} bit={int(s in rout)} left>4={int(left > 4)}")
print(len(rin), len(rout))
