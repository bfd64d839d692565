import time

import perlipc as ipc

f = ipc.open("-|", 'sleep 0.3; printf "one\\ntwo\\n"', text=True)
began = time.monotonic()
print(f"eof={int(f.eof())} waited={int(time.monotonic() - began > 0.2)}")
print(f.readline(), f.readline(), sep="", end="")
print(f"eof={int(f.eof())} again={int(f.eof())}")
print(f"close={int(f.close().ok)}")
