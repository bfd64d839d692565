import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE

id = ipc.shmget(IPC_PRIVATE, 4096, 0o600)
memory = ipc.SharedMem(id)
memory.buffer[:11] = b"from memory"
print("shmread:", ipc.shmread(id, 0, 11).decode())
ipc.fork(ipc.shmwrite, id, b"from the child", 0, 14).wait()
print("memory:", bytes(memory.buffer[:14]).decode())
memory.detach()
print("detached: 1")
memory.remove()
