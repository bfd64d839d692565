"""perlipc from Python, as a user would write it."""

import os

import perlipc as ipc
from sockets import BATCH, DATA, LINES, WORKERS, echo, load, often, once, run


def ping(stream):
    def exchange():
        stream.write(DATA)
        assert len(stream.read(64)) == 64

    often(exchange)


def tcp_pp():
    ping(ipc.tcp_connect("127.0.0.1", echo("tcp")))


def unix_pp():
    path = echo("unix")
    stream = ipc.unix_connect(path)
    os.unlink(path)
    ping(stream)


def udp_pp():
    dgram = ipc.udp("127.0.0.1")
    dgram.connect("127.0.0.1:" + echo("udp"))

    def exchange():
        dgram.send(DATA)
        assert len(dgram.recv()[0]) == 64

    often(exchange)


def tcp_conn():
    port = echo("sink")
    often(lambda: ipc.tcp_connect("127.0.0.1", port).close())


def unix_lines():
    path = echo("lines")
    stream = ipc.unix_connect(path)
    os.unlink(path)

    def count():
        n = 0
        for _ in stream:
            n += 1
        assert n == LINES

    once(LINES, count)


def udp_batch():
    to, sender = ipc.udp("127.0.0.1"), ipc.udp("127.0.0.1")
    sender.connect(to.address)
    messages = [DATA] * BATCH

    def exchange():
        assert sender.send_batch(messages) == BATCH
        n = 0
        while n < BATCH:
            n += len(to.recv_batch(BATCH))

    often(exchange)


def pp1():
    listener = ipc.tcp_listen("127.0.0.1", 0)
    clients = load("pp1", listener.port)
    stream = listener.accept()
    while data := stream.read1():
        stream.write(data)
    assert clients.wait() == 0


def tp64():
    listener = ipc.tcp_listen("127.0.0.1", 0)
    clients = load("tp64", listener.port)
    count = 0
    with ipc.Poll() as poll:
        poll.add(listener)
        while True:
            for stream, _ in poll.ready():
                if stream is listener:
                    poll.add(listener.accept())
                    count += 1
                elif data := stream.read1():
                    stream.write(data)
                else:
                    poll.remove(stream)
                    count -= 1
            if not count:
                break
    assert clients.wait() == 0


def answer(client):
    client.write(client.readline())


def conn(**options):
    listener = ipc.tcp_listen("127.0.0.1", 0)
    clients = load("conn", listener.port)
    ipc.serve(listener, answer, **options)
    assert clients.wait() == 0


run({
    "tcp_pp": tcp_pp, "unix_pp": unix_pp, "udp_pp": udp_pp, "tcp_conn": tcp_conn, "unix_lines": unix_lines,
    "udp_batch": udp_batch, "pp1": pp1, "tp64": tp64, "conn_prefork": lambda: conn(prefork=WORKERS), "conn_fork": conn,
})
