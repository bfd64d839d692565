"""Takes the semaphore: waits for it to be zero, then makes it one, in one step.

A second one waits until semaphore_give was run. (Semaphore.take counts the other way, as most semaphores do.)
"""

import struct

import perlipc as ipc

semaphore = ipc.semget(1234, 0, 0)
wait_for_zero = struct.pack("hhh", 0, 0, 0)
increment = struct.pack("hhh", 0, 1, 0)
ipc.semop(semaphore, wait_for_zero + increment)
