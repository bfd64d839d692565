from __future__ import annotations

import array
import errno
import os
import socket
import threading
import time
from pathlib import Path

import pytest

import perlipc as ipc


def test_messages(tmp_path: Path) -> None:
    with ipc.udp("127.0.0.1") as one, ipc.udp("127.0.0.1", 0) as other:
        one.send(b"", other.address)
        one.send(b"x" * 1000, other.address)
        assert other.peek(timeout=5) == (b"", one.address)
        assert other.recv(timeout=5) == (b"", one.address)
        with pytest.raises(OSError) as cut:
            other.recv(10, timeout=5)
        assert cut.value.errno == errno.EMSGSIZE
        with pytest.raises(TimeoutError):
            other.recv(timeout=0)
        with pytest.raises(OSError) as nobody:
            other.peer
        assert nobody.value.errno == errno.ENOTCONN
        other.connect(one.address)
        assert other.peer == one.address
        other.send(b"connected")
        assert one.recv(timeout=5) == (b"connected", other.address)
        with pytest.raises(OSError) as long:
            other.send(bytes(65508))
        assert long.value.errno == errno.EMSGSIZE
        other.send(bytes(65507))
        assert one.recv(timeout=5) == (bytes(65507), other.address)
    with pytest.raises(ValueError, match="closed"):
        one.send(b"x")
    path = tmp_path / "d"
    with ipc.unix_dgram(path) as server, ipc.unix_dgram() as client:
        client.send(b"hi", str(path))
        assert server.recv(timeout=5) == (b"hi", "")
    left, right = ipc.dgram_pair()
    left.send(b"pair")
    assert right.recv(timeout=5) == (b"pair", "")


def test_a_name_without_a_slash_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with ipc.unix_dgram("serv") as server, ipc.unix_dgram("cli") as client:
        client.send(b"question", "serv")
        data, sender = server.recv(timeout=5)
        assert (data, sender) == (b"question", client.address)
        server.send(b"one", sender)
        assert server.send_batch([(b"two", sender)]) == 1
        server.connect(sender)
        server.send(b"three")
        assert [client.recv(timeout=5)[0] for _ in range(3)] == [b"one", b"two", b"three"]
        with pytest.raises(ValueError, match="NUL"):
            client.send(b"x", "a\0b")
        with pytest.raises(ValueError):
            client.send(b"x", "")
    with ipc.udp("127.0.0.1") as internet, pytest.raises(ValueError, match="no address"):
        internet.send(b"x", "serv")


def test_a_padded_name_is_answered(tmp_path: Path) -> None:
    # As a C program makes it that gives the whole of its struct to bind.
    name = f"\0perlipc-{os.getpid()}".ljust(108, "\0")
    path = str(tmp_path / "d")
    with ipc.unix_dgram(path) as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(name)
        theirs.sendto(b"x", path)
        sender = server.recv(timeout=5)[1]
        assert sender == "@" + name[1:]
        server.send(b"one", sender)
        server.send_batch([(b"two", sender)])
        assert [theirs.recv(9) for _ in range(2)] == [b"one", b"two"]


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xff")
    with ipc.unix_dgram(os.fsdecode(path)) as server:
        assert os.fsencode(server.address) == path
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
            theirs.bind(path + b"2")
            theirs.sendto(b"x", path)
            data, sender = server.recv(timeout=5)
            assert os.fsencode(sender) == path + b"2"
            server.send(b"back", sender)
            assert theirs.recv(9) == b"back"


def test_batches() -> None:
    with ipc.udp("127.0.0.1") as one, ipc.udp("127.0.0.1") as other:
        sent = [(bytes([i]) * i, other.address) for i in range(50)]
        assert one.send_batch(sent) == 50
        assert one.send_batch([]) == 0
        came: list[tuple[bytes, str]] = []
        while len(came) < 50:
            came += other.recv_batch(16, timeout=5)
        assert came == [(data, one.address) for data, _ in sent]
        with pytest.raises(TimeoutError):
            other.recv_batch(timeout=0)
        for none in ((0, 9), (9, 0)):
            with pytest.raises(ValueError, match="room for no message"):
                other.recv_batch(*none)
        one.connect(other.address)
        mixed: list[bytes | bytearray | memoryview] = [b"a", bytearray(b"too long"), memoryview(b"b")]
        assert one.send_batch(mixed) == 3
        with pytest.raises(OSError) as cut:
            other.recv_batch(8, 4, timeout=5)
        assert cut.value.errno == errno.EMSGSIZE
        assert cut.value.messages == [(b"a", one.address), (b"b", one.address)]  # type: ignore[attr-defined]
        assert one.send_batch([b"a", bytes(70000), b"b"]) == 1
        with pytest.raises(OSError) as long:
            one.send_batch([bytes(70000), b"b"])
        assert long.value.errno == errno.EMSGSIZE
        with pytest.raises(TypeError):
            one.send_batch(["text"])  # type: ignore[arg-type]


def test_broadcast_and_multicast() -> None:
    with ipc.udp(None, 0, v4only=True) as receiver, ipc.udp("127.0.0.1") as sender:
        with pytest.raises(PermissionError):
            sender.send(b"x", "255.255.255.255:9")
        sender.set_option("broadcast", 1)
        assert sender.option("broadcast") == 1
        receiver.join("239.255.78.78", "lo")
        sender.multicast(ttl=1, loop=True, interface="lo")
        port = receiver.address.rpartition(":")[2]
        sender.send(b"all", f"239.255.78.78:{port}")
        assert receiver.recv(timeout=5)[0] == b"all"
        receiver.leave("239.255.78.78", "lo")
        with pytest.raises(ValueError):
            receiver.join("nobody")
        with pytest.raises(OSError):
            sender.multicast(interface="nosuch0")


def test_from_many_threads() -> None:
    with ipc.udp("127.0.0.1") as server, ipc.udp("127.0.0.1") as client:
        got: list[bytes] = []

        def serve() -> None:
            while (data := server.recv(timeout=20)[0]) != b"end":
                got.append(data)

        threads = [threading.Thread(target=serve) for _ in range(3)]
        for thread in threads:
            thread.start()
        for i in range(100):
            client.send(b"%d" % i, server.address)
        while len(got) < 100:
            time.sleep(0.001)
        for _ in threads:
            client.send(b"end", server.address)
        for thread in threads:
            thread.join()
        assert sorted(got, key=int) == [b"%d" % i for i in range(100)]
        timer = threading.Timer(0.02, server.close)
        timer.start()
        with pytest.raises(OSError) as ended:
            server.recv()
        assert ended.value.errno == errno.ECANCELED
        timer.join()


def test_room_that_cannot_be_had() -> None:
    """The process goes on."""
    one, other = ipc.socketpair()
    with ipc.udp("127.0.0.1") as dgram, one, other:
        for call in (dgram.recv, dgram.peek):
            with pytest.raises(MemoryError):
                call(1 << 62, timeout=0)
        with pytest.raises(OSError) as raised:
            dgram.recv_batch(1 << 31, 1 << 31, timeout=0)
        assert raised.value.errno == errno.ENOMEM
        with pytest.raises(MemoryError):
            one.recv_fds(1 << 62)


def test_bytes_of_every_kind() -> None:
    one, other = ipc.dgram_pair()
    stream, peer = ipc.socketpair()
    with one, other, stream, peer:
        for data in (b"some", bytearray(b"some"), memoryview(b"xsomex")[1:-1], array.array("B", b"some")):
            one.send(data)
            assert other.recv()[0] == b"some"
            stream.send_fds(data, [0])
            got, fds = peer.recv_fds()
            os.close(fds[0])
            assert got == b"some"
        with pytest.raises(TypeError):
            one.send("some")  # type: ignore[arg-type]
