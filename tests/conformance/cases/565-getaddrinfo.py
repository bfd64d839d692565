import sys

import perlipc as ipc


def error(call, *args):
    try:
        call(*args)
        return ""
    except (OSError, ValueError) as error:
        return str(error)


found = ipc.resolve("127.0.0.1", 80)
family = int.from_bytes(ipc.pack_address(found[0])[:2], sys.byteorder)
print(f"e=[] {len(found)} {family}")
print(*found[0].rsplit(":", 1))
e = error(ipc.resolve, "no.such.host.invalid", 80)
print(int(bool(e)), int("no.such.host.invalid" in e))
print(error(ipc.resolve, "localhost", "nosuchsvc"))
print(error(ipc.pack_address, "zz:80"))
print(ipc.unpack_address(ipc.pack_address("[2001:db8::1]:80")), int(not error(ipc.pack_address, "1.2:0")),
      len(ipc.pack_address("[::1]:80")))
