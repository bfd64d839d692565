from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
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
        with socket.create_connection(("127.0.0.1", listener.port)) as client:
            listener.accept(timeout=5).write(b"to a socket\n")
            assert client.recv(99) == b"to a socket\n"
        program = "use Socket; socket S,PF_INET,SOCK_STREAM,0; connect S,sockaddr_in($ARGV[0],INADDR_LOOPBACK); print <S>"
        perl = subprocess.Popen(["perl", "-e", program, str(listener.port)], stdout=subprocess.PIPE)
        with listener.accept(timeout=5) as stream:
            stream.write(b"to perl\n")
        assert perl.communicate()[0] == b"to perl\n"


def test_options_and_names() -> None:
    with ipc.tcp_listen("127.0.0.1", 0, reuseport=True) as one, ipc.tcp_listen("127.0.0.1", one.port, reuseport=True):
        pass
    with pytest.raises(ValueError, match="no such option"):
        ipc.tcp_listen("127.0.0.1", 0, nosuch=True)
    with pytest.raises(ValueError):
        ipc.tcp_connect("127.0.0.1", 65536)


@pytest.mark.parametrize("v6only", [True, False, 1, 0, None])
def test_an_address_of_both_families(v6only: bool | int | None) -> None:
    options = {} if v6only is None else {"v6only": v6only}
    try:
        with ipc.tcp_listen("::", 0, **options) as listener, ipc.udp("::", 0, **options) as dgram:
            said = 1 if v6only is None else int(v6only)
            assert (listener.option("v6only"), dgram.option("v6only")) == (said, said)
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
        pytest.skip("no IPv6 on this machine")
    # The words that are none of the kernel's options take False as well.
    with ipc.tcp_listen("127.0.0.1", 0, v4only=False, v6only=False):
        pass


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


def test_a_stream_knows_its_socket() -> None:
    with ipc.tcp_listen("127.0.0.1", 0) as listener:
        client = ipc.tcp_connect("127.0.0.1", listener.port, from_="127.0.0.2", keepalive=True)
        server = listener.accept(timeout=5)
        assert client.address == server.peer and client.address.startswith("127.0.0.2:")
        assert client.peer == server.address == listener.address
        assert (client.option("keepalive"), client.option("nodelay"), client.option("error")) == (1, 1, 0)
        client.set_option("linger", 7)
        assert client.option("linger") == 7
        with pytest.raises(ValueError, match="no such option"):
            client.option("nosuch")
        listener.set_option("keepalive", 1)
        assert (listener.option("keepalive"), listener.option("listening")) == (1, 1)
        # Half-close: the answer still comes.
        client.shutdown()
        server.timeout = client.timeout = 5
        assert server.read() == b""
        server.write(b"late")
        server.shutdown("both")
        assert client.read() == b"late"
        with pytest.raises(ValueError, match="a half is"):
            client.shutdown("left")  # type: ignore[arg-type]
        with pytest.raises(OSError) as wrong:
            client.credentials()
        assert wrong.value.errno == errno.EOPNOTSUPP
        # The kernel would send the byte alone.
        with ipc.tcp_connect("127.0.0.1", listener.port) as other, pytest.raises(OSError) as lost:
            other.send_fds(b"x", [0])
        assert lost.value.errno == errno.EOPNOTSUPP
    reader, _ = ipc.pipe()
    with pytest.raises(OSError) as none:
        reader.peer
    assert none.value.errno == errno.ENOTSOCK


def test_urgent_data() -> None:
    with ipc.tcp_listen("127.0.0.1", 0) as listener:
        client = ipc.tcp_connect("127.0.0.1", listener.port)
        server = listener.accept(timeout=5)
    server.timeout = 5
    client.write(b"abc")
    client.send_urgent(b"!")
    client.write(b"def")
    assert server.read(3) == b"abc"
    while not server.at_mark():
        time.sleep(0.001)
    assert server.recv_urgent() == b"!"
    assert server.read(3) == b"def"
    assert not server.at_mark()
    with pytest.raises(ValueError):
        client.send_urgent(b"two")


def test_descriptors_travel() -> None:
    one, other = ipc.socketpair()
    pid, uid, gid = one.credentials()
    assert (pid, uid, gid) == (os.getpid(), os.geteuid(), os.getegid())
    try:
        pidfd = one.peer_pidfd()
    except OSError as error:
        assert error.errno == errno.ENOPROTOOPT
    else:
        signal.pidfd_send_signal(pidfd, 0)
        os.close(pidfd)
    reader, writer = os.pipe()
    with open("/dev/null") as null:
        one.send_fds(b"take these", [writer, null])
        os.close(writer)
        data, fds = other.recv_fds()
        assert data == b"take these" and len(fds) == 2 and not os.get_inheritable(fds[0])
        os.write(fds[0], b"through")
        for fd in fds:
            os.close(fd)
        assert os.read(reader, 99) == b"through" and os.read(reader, 99) == b""
        os.close(reader)
        before = os.listdir("/proc/self/fd")
        one.send_fds(b"x", [null] * 3)
        with pytest.raises(OSError) as cut:
            other.recv_fds(most=2)
        assert cut.value.errno == errno.EMSGSIZE
        assert os.listdir("/proc/self/fd") == before
        assert getattr(cut.value, "data") == b"x"
    with pytest.raises(OSError) as bad:
        one.send_fds(b"x", [9999])
    assert bad.value.errno == errno.EBADF
    with pytest.raises(ValueError):
        one.send_fds(b"", [0])


def test_listeners_of_others(tmp_path: Path) -> None:
    theirs = socket.create_server(("127.0.0.1", 0))
    port = theirs.getsockname()[1]
    with ipc.Listener.adopt(theirs.detach()) as listener:
        assert listener.port == port
        ipc.tcp_connect("127.0.0.1", port).write(b"x")
        assert listener.accept(timeout=5).read(1) == b"x"
    reader, writer = os.pipe()
    for bad, why in ((reader, errno.ENOTSOCK), (9999, errno.EBADF)):
        with pytest.raises(OSError) as refused:
            ipc.Listener.adopt(bad)
        assert refused.value.errno == why and f"adopt {bad}: " in str(refused.value)
    os.close(reader)
    os.close(writer)
    assert ipc.Listener.inherited() == []
    # As a service manager starts a program.
    program = tmp_path / "program.py"
    program.write_text(
        "import perlipc as ipc\n"
        "[one] = ipc.Listener.inherited()\n"
        "assert ipc.Listener.inherited() == []\n"
        "one.accept(timeout=20).write(b'inherited\\n')\n"
    )
    theirs = socket.create_server(("127.0.0.1", 0))
    port = theirs.getsockname()[1]
    child = ipc.start(
        ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$1"', sys.executable, program], fds={3: theirs.fileno()}
    )
    theirs.close()
    assert ipc.tcp_connect("127.0.0.1", port, timeout=20).readline() == b"inherited\n"
    assert child.wait(20).ok


def test_paths_of_every_kind(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"s\xff")
    for form in (path, str(path), os.fsencode(path)):
        with ipc.unix_listen(form) as listener, ipc.unix_connect(form):
            assert listener.address == str(path) and ipc.is_socket(form)
            assert str(tmp_path) in repr(listener)
        with ipc.unix_dgram(form) as dgram:
            assert dgram.address == str(path)
        assert repr(listener) == "<perlipc.Listener closed>" and repr(dgram) == "<perlipc.Dgram closed>"
    for number in {ipc.ftok(form) for form in (tmp_path, str(tmp_path), os.fsencode(tmp_path))}:
        assert number == ipc.ftok(tmp_path)
    with pytest.raises(TypeError):
        ipc.unix_listen(5)  # type: ignore[arg-type]


def test_a_number_that_is_no_descriptor_is_not_adopted() -> None:
    for number in (-1, -2, 1 << 30):
        with pytest.raises(OSError, match=f"adopt {number}: ") as caught:
            ipc.Listener.adopt(number)
        assert caught.value.errno == errno.EBADF
