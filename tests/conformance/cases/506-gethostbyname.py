import socket
import sys

import perlipc as ipc


def four(host):
    """The IPv4 addresses alone, as gethostbyname has them."""
    return [addr.rpartition(":")[0] for addr in ipc.resolve(host) if not addr.startswith("[")]


print(four("localhost")[0])
addrs = four("localhost")
packed = ipc.pack_address(addrs[0] + ":0")
family = int.from_bytes(packed[:2], sys.byteorder)
print(ipc.host_name(addrs[0]), family, len(socket.inet_aton(addrs[0])), len(addrs), addrs[0])
try:
    found = ipc.resolve("no.such.host.invalid")
    print(1)
except OSError as error:
    print(0, f"$?={'set' if error.errno else '0'}")
print(ipc.host_name("127.0.0.1"))
print(four("127.0.0.1")[0])
