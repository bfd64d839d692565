"""The sysv_ipc module."""

import partner as p
import sysv_ipc
import timing as t


def semaphore(value):
    return sysv_ipc.Semaphore(None, sysv_ipc.IPC_CREX, initial_value=value)


def sem_pair():
    one = semaphore(1)

    def both():
        for _ in range(1000):
            one.acquire()
            one.release()

    t.often(both, 1000)
    one.remove()


def sem_pp():
    one, other = semaphore(0), semaphore(0)

    def theirs():
        for _ in range(100):
            one.acquire()
            other.release()

    def ours():
        for _ in range(100):
            one.release()
            other.acquire()

    p.ping_pong(theirs, ours)
    one.remove()
    other.remove()


def memory(data, count):
    size = len(data)
    segment = sysv_ipc.SharedMemory(None, sysv_ipc.IPC_CREX, size=size)
    segment.remove()

    def both():
        for _ in range(count):
            segment.write(data)
            segment.read(size)

    t.often(both, count)
    p.same(segment.read(size), data)


def msg_self():
    queue, body = sysv_ipc.MessageQueue(None, sysv_ipc.IPC_CREX), p.BODY

    def both():
        for _ in range(1000):
            queue.send(body)
            queue.receive()

    t.often(both, 1000)
    queue.remove()


def msg_pp():
    queue, body = sysv_ipc.MessageQueue(None, sysv_ipc.IPC_CREX), p.BODY

    def theirs():
        for _ in range(100):
            queue.receive(type=1)
            queue.send(body, type=2)

    def ours():
        for _ in range(100):
            queue.send(body)
            queue.receive(type=2)

    p.ping_pong(theirs, ours)
    queue.remove()


t.main({
    "sem_pair": sem_pair,
    "sem_pp": sem_pp,
    "wr60": lambda: memory(p.SMALL, 1000),
    "wr16m": lambda: memory(p.LARGE, 1),
    "msg_self": msg_self,
    "msg_pp": msg_pp,
})
