from __future__ import annotations

import socket

import pytest

import perlipc as ipc


def test_hosts_services_and_protocols() -> None:
    assert ipc.resolve("127.1", "time") == ["127.0.0.1:37"]
    assert ipc.service_port("time", "tcp") == 37
    assert ipc.host_name("127.0.0.1", timeout=20) == "localhost"
    with pytest.raises(FileNotFoundError, match="nosuchsvc"):
        ipc.service_port("nosuchsvc")
    assert ipc.service_name(80, "tcp") == "http"
    assert (ipc.protocol_number("tcp"), ipc.protocol_name(17)) == (6, "udp")
    with pytest.raises(OSError):
        ipc.protocol_number("nosuchproto")
    # UDP alone has it.
    assert ipc.resolve("127.0.0.1", "tftp") == ["127.0.0.1:69"]
    with pytest.raises(OSError, match="no.such.host.invalid"):
        ipc.resolve("no.such.host.invalid", timeout=20)
    with pytest.raises(TimeoutError):
        ipc.resolve("no.such.host.invalid", timeout=0)
    for bad in ("a\0b", ""):
        with pytest.raises(ValueError):
            ipc.resolve(bad)


@pytest.mark.parametrize(("text", "size"), [("127.0.0.1:37", 16), ("[::1]:80", 28), ("/tmp/s", 110), ("@name", 7)])
def test_packed(text: str, size: int) -> None:
    packed = ipc.pack_address(text)
    assert len(packed) == size and packed[0] == {16: socket.AF_INET, 28: socket.AF_INET6}.get(size, socket.AF_UNIX)
    assert ipc.unpack_address(packed) == text


def test_no_addresses() -> None:
    for text in ("nowhere", "1.2.3.4", "1.2.3.4:65536", "a\0b/c", ""):
        with pytest.raises(ValueError):
            ipc.pack_address(text)
    with pytest.raises(OSError, match="too long"):
        ipc.pack_address("/" + "x" * 108)
    with pytest.raises(ValueError, match="bad arg length for unpack_sockaddr_in, length is 15, should be 16"):
        ipc.unpack_address(ipc.pack_address("127.0.0.1:37")[:15])
