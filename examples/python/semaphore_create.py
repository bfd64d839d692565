"""Makes the semaphore that semaphore_take and semaphore_give use, and prints its id.

The manual's program leaves the number of semaphores out, with which it cannot work: it is 1.
"""

import perlipc as ipc
from perlipc.sysv import IPC_CREAT

print(ipc.semget(1234, 1, 0o666 | IPC_CREAT))
