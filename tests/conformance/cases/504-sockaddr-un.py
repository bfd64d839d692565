import os

import perlipc as ipc

s = ipc.pack_address("/tmp/x")
print(ipc.unpack_address(s), "length", len(s))
name = f"@perl-case-504-{os.getpid()}"
listener = ipc.unix_listen(name)
print("bound listening")
print("its name" if listener.address == name else f"another name: {listener.address}")
ipc.unix_connect(name)
print("connected")
