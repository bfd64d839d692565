"""A message goes through shared memory: the manual's program. Nothing is left of the segment."""

import sys

import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID

key = ipc.shmget(IPC_PRIVATE, 2000, 0o600)
ipc.shmwrite(key, b"Message #1", 0, 60)
buff = ipc.shmread(key, 0, 60)
# The NULs behind the message too, as Perl does.
sys.stdout.buffer.write(buff + b"\n")
sys.stdout.buffer.write(b"deleting %d\n" % key)
ipc.shmctl(key, IPC_RMID)
