import errno
import os

import perlipc as ipc


def tried(call, *args):
    try:
        call(*args)
        print(1)
    except OSError as error:
        print(0, errno.errorcode[error.errno])
    except ValueError as error:
        print(0, error)


tried(ipc.unpack_address, (99).to_bytes(2, "little") + bytes(14))
tried(ipc.protocol_name, 99999)
tried(ipc.Listener.adopt, 9999)
tried(ipc.Listener.adopt, 0)
tried(ipc.unpack_address, b"\2\0short")
tried(lambda: ipc.adopt(os.dup(0)).address)
