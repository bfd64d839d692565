from __future__ import annotations

import os

import pytest

import perlipc as ipc


def test_is_read_and_written() -> None:
    name = f"py-test-{os.getpid()}"
    shared = ipc.Shared(name, 100)
    assert (shared.value, shared.size, shared.version) == (b"", 100, 0)
    shared.value = b"hello"
    other = ipc.Shared(name, 100)
    assert (other.value, other.version) == (b"hello", 1)
    with pytest.raises(OSError, match="Message too long"):
        shared.value = bytes(101)
    other.pack("qd", 7, 0.5)
    assert shared.unpack("qd") == (7, 0.5)
    shared.dump({"a": [1, 2]})
    assert other.load() == {"a": [1, 2]}
    with pytest.raises(ValueError, match="another size: 100 bytes, not 101"):
        ipc.Shared(name, 101)
    ipc.Shared.remove(name)


def test_nothing_of_others_is_unpickled() -> None:
    name = f"py-test-open-{os.getpid()}"
    before = os.umask(0)
    try:
        shared = ipc.Shared(name, 100, mode=0o666)
        shared.dump("x")
        with pytest.raises(PermissionError, match="others may write"):
            shared.load()
        assert shared.value
    finally:
        os.umask(before)
        ipc.Shared.remove(name)


def test_a_counter() -> None:
    shared = ipc.Shared()
    shared.pack("q", 0)

    def count() -> int:
        for _ in range(500):
            with shared:
                (number,) = shared.unpack("q")
                shared.pack("q", number + 1)
        return 0

    children = [ipc.fork(count) for _ in range(4)]
    for child in children:
        assert child is not None and child.wait().ok
    assert shared.unpack("q") == (2000,)
    with shared, pytest.raises(OSError):
        shared.take()


def test_takes_what_has_a_buffer() -> None:
    shared = ipc.Shared(size=16)
    for data in bytearray(b"one"), memoryview(b"-two-")[1:4], b"three":
        shared.value = data
        assert shared.value == bytes(data)
        shared.write(data)
    with pytest.raises(TypeError):
        shared.write("text")  # type: ignore[arg-type]
    assert repr(shared) == "Shared(size=16, version=6)"
