"""perlipc from Python, as a user would write it."""

import perlipc as ipc
import partner as p
import timing as t
from perlipc.sysv import IPC_PRIVATE


def sem_pair():
    semaphore = ipc.Semaphore.create(IPC_PRIVATE, [1])
    p.pair(semaphore.take, semaphore.give)
    semaphore.remove()


def sem_pp():
    one, other = (ipc.Semaphore.create(IPC_PRIVATE, [0]) for _ in range(2))
    p.ping_pong((one.take, other.give), (one.give, other.take))
    one.remove()
    other.remove()


def lock_pair():
    lock = ipc.Lock()
    p.pair(lock.take, lock.give)


def futex_pair():
    semaphore = ipc.FutexSemaphore()
    p.pair(semaphore.take, semaphore.give)


def futex_pp():
    one, other = ipc.FutexSemaphore(value=0), ipc.FutexSemaphore(value=0)
    p.ping_pong((one.take, other.give), (one.give, other.take))


def attached(data, count):
    memory = ipc.SharedMem.create(IPC_PRIVATE, len(data))
    memory.remove()
    size = len(data)
    p.pair(lambda: memory.write(data), lambda: memory.read(0, size), count)
    p.same(memory.read(), data)


def by_id():
    id, data = ipc.shmget(IPC_PRIVATE, 60, 0o600), p.SMALL
    p.pair(lambda: ipc.shmwrite(id, data, 0, 60), lambda: ipc.shmread(id, 0, 60))
    p.same(ipc.shmread(id, 0, 60), data)
    ipc.SharedMem(id).remove()


def msg_self():
    queue, body = ipc.MessageQueue.open(IPC_PRIVATE), p.BODY
    p.pair(lambda: queue.send(body), lambda: queue.recv(size=64))
    queue.send(body)
    p.same(queue.recv(), (1, body))
    queue.remove()


def msg_pp():
    queue, body = ipc.MessageQueue.open(IPC_PRIVATE), p.BODY
    p.ping_pong((lambda: queue.recv(1), lambda: queue.send(body, 2)), (lambda: queue.send(body), lambda: queue.recv(2)))
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
