import os

import perlipc as ipc

directory = "d" * 60
os.mkdir(directory)
path = f"{directory}/{'n' * 60}"
s = ipc.unix_listen(path)
print("bound listen 1")
print(f"at its path: {int(ipc.is_socket(path))} cut: {int(ipc.is_socket(path[:108]))}")
ipc.unix_connect(path)
print("connected")
