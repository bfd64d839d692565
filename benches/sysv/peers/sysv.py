"""The sysv_ipc module."""

import partner as p
import sysv_ipc
import timing as t


def semaphore(value):
    return sysv_ipc.Semaphore(None, sysv_ipc.IPC_CREX, initial_value=value)


def sem_pair():
    one = semaphore(1)
    p.pair(one.acquire, one.release)
    one.remove()


def sem_pp():
    one, other = semaphore(0), semaphore(0)
    p.ping_pong((one.acquire, other.release), (one.release, other.acquire))
    one.remove()
    other.remove()


def memory(data, count):
    size = len(data)
    segment = sysv_ipc.SharedMemory(None, sysv_ipc.IPC_CREX, size=size)
    segment.remove()
    p.pair(lambda: segment.write(data), lambda: segment.read(size), count)
    p.same(segment.read(size), data)


def msg_self():
    queue, body = sysv_ipc.MessageQueue(None, sysv_ipc.IPC_CREX), p.BODY
    p.pair(lambda: queue.send(body), queue.receive)
    queue.remove()


def msg_pp():
    queue, body = sysv_ipc.MessageQueue(None, sysv_ipc.IPC_CREX), p.BODY
    p.ping_pong(
        (lambda: queue.receive(type=1), lambda: queue.send(body, type=2)),
        (lambda: queue.send(body), lambda: queue.receive(type=2)),
    )
    queue.remove()


t.main({
    "sem_pair": sem_pair,
    "sem_pp": sem_pp,
    "wr60": lambda: memory(p.SMALL, 1000),
    "wr16m": lambda: memory(p.LARGE, 1),
    "msg_self": msg_self,
    "msg_pp": msg_pp,
})
