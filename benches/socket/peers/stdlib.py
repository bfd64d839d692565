"""Python's own: socket and socketserver."""

import os
import signal
import socket
import socketserver
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sockets import BATCH, DATA, LINES, echo, load, often, once, run  # noqa: E402


def ping(sock):
    def exchange():
        sock.sendall(DATA)
        n = 0
        while n < 64:
            n += len(sock.recv(64 - n))

    often(exchange)


def tcp_pp():
    sock = socket.create_connection(("127.0.0.1", int(echo("tcp"))))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ping(sock)


def unix_to(mode):
    sock = socket.socket(socket.AF_UNIX)
    path = echo(mode)
    sock.connect(path)
    os.unlink(path)
    return sock


def unix_pp():
    ping(unix_to("unix"))


def udp_pp():
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.connect(("127.0.0.1", int(echo("udp"))))
    ping(sock)


def tcp_conn():
    addr = ("127.0.0.1", int(echo("sink")))
    often(lambda: socket.create_connection(addr).close())


def unix_lines():
    file = unix_to("lines").makefile("rb")

    def count():
        n = 0
        for _ in file:
            n += 1
        assert n == LINES

    once(LINES, count)


def udp_batch():
    to, sender = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    to.bind(("127.0.0.1", 0))
    sender.connect(to.getsockname())

    def exchange():
        for _ in range(BATCH):
            sender.send(DATA)
        for _ in range(BATCH):
            to.recvfrom(64)

    often(exchange)


def pp1():
    server = socket.create_server(("127.0.0.1", 0))
    clients = load("pp1", server.getsockname()[1])
    sock, _ = server.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := sock.recv(65536):
        sock.sendall(data)
    assert clients.wait() == 0


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline())


def conn(kind):
    def serve():
        with kind(("127.0.0.1", 0), Answer) as server:
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            load("conn", server.server_address[1])
            server.serve_forever()

    return serve


run({
    "tcp_pp": tcp_pp, "unix_pp": unix_pp, "udp_pp": udp_pp, "tcp_conn": tcp_conn, "unix_lines": unix_lines,
    "udp_batch": udp_batch, "pp1": pp1, "conn_prefork": conn(socketserver.ThreadingTCPServer),
    "conn_fork": conn(socketserver.ForkingTCPServer),
})
