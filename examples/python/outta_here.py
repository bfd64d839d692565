"""An anonymous function as a handler: $SIG{INT} = sub { die "\\nOutta here!\\n" };"""

import sys

import perlipc as ipc

ipc.SIG["INT"] = lambda signame: sys.exit("\nOutta here!")
reader, writer = ipc.pipe()
print("waiting", flush=True)
reader.readline()  # blocks for ever
