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
    p.pair(one.acquire, one.release)


def pp():
    one, other = semaphore(0), semaphore(0)
    p.ping_pong((one.acquire, other.release), (one.release, other.acquire))


def queue():
    made = posix_ipc.MessageQueue(None, posix_ipc.O_CREX, max_messages=10, max_message_size=64)
    made.unlink()
    return made


def msg_self():
    one, body = queue(), p.BODY
    p.pair(lambda: one.send(body), one.receive)


def msg_pp():
    one, other, body = queue(), queue(), p.BODY
    p.ping_pong((one.receive, lambda: other.send(body)), (lambda: one.send(body), other.receive))


t.main({"sem_pair": pair, "sem_pp": pp, "futex_pair": pair, "futex_pp": pp, "msg_self": msg_self, "msg_pp": msg_pp})
