from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import perlipc as ipc


def test_a_conversation() -> None:
    with ipc.tcp_listen("127.0.0.1", 0, backlog=5) as listener:
        assert listener.port and listener.address == f"127.0.0.1:{listener.port}"
        client = ipc.tcp_connect("localhost", listener.port, timeout=5)
        with listener.accept(timeout=5) as server:
            server.write(b"Hello there\n")
        assert list(client) == [b"Hello there\n"]
        with pytest.raises(TimeoutError):
            listener.accept(timeout=0.02)
        with pytest.raises(OSError) as taken:
            ipc.tcp_listen("127.0.0.1", listener.port)
        assert taken.value.errno == errno.EADDRINUSE
    assert listener.closed
    with pytest.raises(ValueError):
        listener.accept()
    with pytest.raises(ConnectionRefusedError):
        ipc.tcp_connect("127.0.0.1", free_port())


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def test_python_and_perl_at_the_other_end() -> None:
    with ipc.tcp_listen(None, 0) as listener:
        with socket.create_connection(("127.0.0.1", listener.port or 0)) as client:
            listener.accept(timeout=5).write(b"to a socket\n")
            assert client.recv(99) == b"to a socket\n"
        program = "use Socket; socket S,PF_INET,SOCK_STREAM,0; connect S,sockaddr_in($ARGV[0],INADDR_LOOPBACK); print <S>"
        perl = subprocess.Popen(["perl", "-e", program, str(listener.port)], stdout=subprocess.PIPE)
        with listener.accept(timeout=5) as stream:
            stream.write(b"to perl\n")
        assert perl.communicate()[0] == b"to perl\n"


def test_options_and_names() -> None:
    with ipc.tcp_listen("127.0.0.1", 0, reuseport=True) as one, ipc.tcp_listen("127.0.0.1", one.port or 0, reuseport=True):
        pass
    with pytest.raises(ValueError, match="no such option"):
        ipc.tcp_listen("127.0.0.1", 0, nosuch=True)
    with pytest.raises(TypeError):
        ipc.tcp_connect("127.0.0.1", 65536)
    assert ipc.resolve("127.1", "time") == ["127.0.0.1:37"]
    assert ipc.service_port("time", "tcp") == 37
    assert ipc.host_name("127.0.0.1", timeout=20) == "localhost"
    with pytest.raises(FileNotFoundError, match="nosuchsvc"):
        ipc.service_port("nosuchsvc")


def test_cancelled_and_closed_from_another_thread() -> None:
    for end in (ipc.Listener.cancel, ipc.Listener.close):
        listener = ipc.tcp_listen("127.0.0.1", 0)
        timer = threading.Timer(0.05, end, [listener])
        timer.start()
        with pytest.raises(OSError) as ended:
            listener.accept()
        assert ended.value.errno == errno.ECANCELED
        timer.join()


def test_unix(tmp_path: Path) -> None:
    path = tmp_path / "catsock"
    assert not ipc.is_socket(path)
    with ipc.unix_listen(path) as listener:
        assert ipc.is_socket(path) and listener.port is None and listener.address == str(path)
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(OSError):
            ipc.unix_listen(path)
        client = ipc.unix_connect(path, timeout=5)
        listener.accept().write(b"x\n")
        assert client.readline() == b"x\n"
    assert not path.exists()
    with ipc.unix_listen(path, mode=0o666):
        assert path.stat().st_mode & 0o777 == 0o666
    one, other = ipc.socketpair()
    one.write(b"pair\n")
    assert other.readline() == b"pair\n"


def test_datagrams(tmp_path: Path) -> None:
    with ipc.udp("127.0.0.1") as one, ipc.udp("127.0.0.1", 0) as other:
        one.send(b"", other.address)
        one.send(b"x" * 1000, other.address)
        assert other.recv(timeout=5) == (b"", one.address)
        with pytest.raises(OSError) as cut:
            other.recv(10, timeout=5)
        assert cut.value.errno == errno.EMSGSIZE
        with pytest.raises(TimeoutError):
            other.recv(timeout=0)
        other.connect(one.address)
        other.send(b"connected")
        assert one.recv(timeout=5) == (b"connected", other.address)
    path = tmp_path / "d"
    with ipc.unix_dgram(path) as server, ipc.unix_dgram() as client:
        client.send(b"hi", str(path))
        assert server.recv(timeout=5) == (b"hi", "")


@pytest.mark.parametrize("kind", [{"limit": 3}, {"prefork": 2}, {"iterative": True}])
def test_serve(kind: dict[str, int]) -> None:
    def handler(client: ipc.Stream[bytes]) -> int:
        line = client.readline()
        client.write(b"served " + line)
        return 0

    before = signal.getsignal(signal.SIGTERM)
    listener = ipc.tcp_listen("127.0.0.1", 0)
    port = listener.port
    client = subprocess.Popen(client_program(port, 3), stdout=subprocess.PIPE, text=True)
    report = ipc.serve(listener, handler, drain=("TERM", 10.0), **kind)  # type: ignore[arg-type]
    assert client.communicate()[0] == "served me\n" * 3
    assert (report.accepted, report.ok, report.drained) == (3, 3, True), report
    assert signal.getsignal(signal.SIGTERM) == before
    assert listener.closed


def client_program(port: int | None, requests: int) -> list[str]:
    """A client that stops the server when it has its answers."""
    program = (
        "import socket, os, sys\n"
        "for i in range(int(sys.argv[2])):\n"
        "    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "    try:\n"
        "        s.sendall(b'me\\n')\n"
        "        print(s.makefile().read(), end='')\n"
        "    except ConnectionError: pass\n"
        "os.kill(int(sys.argv[3]), 15)\n"
    )
    return ["python3", "-c", program, str(port), str(requests), str(os.getpid())]


def test_serve_a_command() -> None:
    listener = ipc.tcp_listen("127.0.0.1", 0)
    client = subprocess.Popen(client_program(listener.port, 2), stdout=subprocess.PIPE, text=True)
    report = ipc.serve(listener, "read l; echo served $l", drain=("TERM", 10.0))
    assert client.communicate()[0] == "served me\n" * 2
    assert (report.accepted, report.ok) == (2, 2)
    with pytest.raises(TypeError):
        ipc.serve(ipc.tcp_listen("127.0.0.1", 0), ["true"], prefork=2)


def test_a_handler_that_raises(capfd: pytest.CaptureFixture[str]) -> None:
    def handler(client: ipc.Stream[bytes]) -> int:
        raise LookupError("as asked")

    listener = ipc.tcp_listen("127.0.0.1", 0)
    client = subprocess.Popen(client_program(listener.port, 1), stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
    report = ipc.serve(listener, handler)
    client.communicate()
    assert report.failed == 1 and report.drained
    assert "as asked" in capfd.readouterr().err
