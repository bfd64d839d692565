import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE


def done(call, *args):
    try:
        call(*args)
        return 1
    except (OSError, ValueError) as error:
        return type(error).__name__


# Attached from its beginning.
memory = ipc.SharedMem.create(IPC_PRIVATE, 8, mode=0o700)
print(done(memory.write, b"abc", 0, 5), memory.read(0, 5).replace(b"\0", b".").decode(), done(memory.read, 5, 9))
print(done(memory.remove), int(memory.stat()["removed"]), done(memory.remove), end=" ")
memory.write(b"late", 0, 4)
print(memory.read(0, 4).decode(), done(memory.detach), done(memory.detach), done(memory.read, 0, 1))
