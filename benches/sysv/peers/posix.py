"""The posix_ipc module."""

import partner as p
import posix_ipc
import timing as t


def semaphore(value):
    made = posix_ipc.Semaphore(None, posix_ipc.O_CREX, initial_value=value)
    made.unlink()
    return made


def pair():
    one = semaphore(1)

    def both():
        for _ in range(1000):
            one.acquire()
            one.release()

    t.often(both, 1000)


def pp():
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


def queue():
    made = posix_ipc.MessageQueue(None, posix_ipc.O_CREX, max_messages=10, max_message_size=64)
    made.unlink()
    return made


def msg_self():
    one, body = queue(), p.BODY

    def both():
        for _ in range(1000):
            one.send(body)
            one.receive()

    t.often(both, 1000)


def msg_pp():
    one, other, body = queue(), queue(), p.BODY

    def theirs():
        for _ in range(100):
            one.receive()
            other.send(body)

    def ours():
        for _ in range(100):
            one.send(body)
            other.receive()

    p.ping_pong(theirs, ours)


t.main({"sem_pair": pair, "sem_pp": pp, "futex_pair": pair, "futex_pp": pp, "msg_self": msg_self, "msg_pp": msg_pp})
