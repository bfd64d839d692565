"""perlipc from Python, as a user would write it."""

import perlipc as ipc
import partner as p
import timing as t
from perlipc.sysv import IPC_PRIVATE


def sem_pair():
    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [1])

    def both():
        for _ in range(1000):
            semaphore.take()
            semaphore.give()

    t.often(both, 1000)
    semaphore.remove()


def sem_pp():
    one, other = (ipc.Semaphore.create(IPC_PRIVATE, [0]) for _ in range(2))

    def theirs():
        for _ in range(100):
            one.take()
            other.give()

    def ours():
        for _ in range(100):
            one.give()
            other.take()

    p.ping_pong(theirs, ours)
    one.remove()
    other.remove()


def lock_pair():
    lock = ipc.Lock()

    def both():
        for _ in range(1000):
            lock.take()
            lock.give()

    t.often(both, 1000)


def futex_pair():
    semaphore = ipc.FutexSemaphore()

    def both():
        for _ in range(1000):
            semaphore.take()
            semaphore.give()

    t.often(both, 1000)


def futex_pp():
    one, other = ipc.FutexSemaphore(value=0), ipc.FutexSemaphore(value=0)

    def theirs():
        for _ in range(100):
            one.take()
            other.give()

    def ours():
        for _ in range(100):
            one.give()
            other.take()

    p.ping_pong(theirs, ours)


def attached(data, count):
    memory, size = ipc.SharedMem.create(IPC_PRIVATE, len(data)), len(data)
    memory.remove()

    def both():
        for _ in range(count):
            memory.write(data)
            memory.read(0, size)

    t.often(both, count)
    p.same(memory.read(), data)


def by_id():
    id, data = ipc.shmget(IPC_PRIVATE, 60, 0o600), p.SMALL

    def both():
        for _ in range(1000):
            ipc.shmwrite(id, data, 0, 60)
            ipc.shmread(id, 0, 60)

    t.often(both, 1000)
    p.same(ipc.shmread(id, 0, 60), data)
    ipc.SharedMem(id).remove()


def msg_self():
    queue, body = ipc.MessageQueue.open(IPC_PRIVATE), p.BODY

    def both():
        for _ in range(1000):
            queue.send(body)
            queue.recv(size=64)

    t.often(both, 1000)
    queue.send(body)
    p.same(queue.recv(), (1, body))
    queue.remove()


def msg_pp():
    queue, body = ipc.MessageQueue.open(IPC_PRIVATE), p.BODY

    def theirs():
        for _ in range(100):
            queue.recv(1, size=64)
            queue.send(body, 2)

    def ours():
        for _ in range(100):
            queue.send(body)
            queue.recv(2, size=64)

    p.ping_pong(theirs, ours)
    queue.remove()


t.main({
    "sem_pair": sem_pair,
    "sem_pp": sem_pp,
    "lock_pair": lock_pair,
    "futex_pair": futex_pair,
    "futex_pp": futex_pp,
    "wr60": lambda: attached(p.SMALL, 1000),
    "wr60_id": by_id,
    "wr16m": lambda: attached(p.LARGE, 1),
    "msg_self": msg_self,
    "msg_pp": msg_pp,
})
