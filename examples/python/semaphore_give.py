"""Gives the semaphore back: the process that waits in semaphore_take goes on."""

import struct

import perlipc as ipc

semaphore = ipc.semget(1234, 0, 0)
ipc.semop(semaphore, struct.pack("hhh", 0, -1, 0))
