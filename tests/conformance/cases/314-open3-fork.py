import sys

import perlipc as ipc


def kid():
    print("kid got", sys.stdin.readline(), end="")
    print("kid err", file=sys.stderr)
    return 6


duplex = ipc.open3(kid, text=True)
w, r, e, pid = duplex
w.write("hello\n")
w.close()
print("r:", r.read(), end="")
print("e:", e.read(), end="")
print(f"code={duplex.close().code}", flush=True)
duplex = ipc.open2(lambda: print("two:", sys.stdin.readline(), end=""), text=True)
duplex.writer.write("again\n")
duplex.writer.close()
print(duplex.reader.read(), end="")
print(f"code={duplex.close().code}")
