import os
import sys

import perlipc as ipc

k = ipc.fork_open("-|")
if k is None:
    os.write(1, b"kid\n")
    os._exit(2)
print(k.read().decode(), end="")
print(f"st={k.close().code}")
k = ipc.fork_open("|-")
if k is None:
    os._exit(len(sys.stdin.readlines()))
k.write(b"1\n2\n3\n")
print(f"st={k.close().code}")
try:
    ipc.open("-|", ["-", "x"])
    print("list: 1 ENOENT=0")
except FileNotFoundError:
    print("list: 0 ENOENT=1")
