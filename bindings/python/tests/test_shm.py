from __future__ import annotations

import errno

import pytest

import perlipc as ipc
from perlipc.sysv import IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT


def test_the_manuals_program() -> None:
    id = ipc.shmget(IPC_PRIVATE, 2000, 0o777)
    ipc.shmwrite(id, b"Message #1", 0, 60)
    assert ipc.shmread(id, 0, 60) == b"Message #1" + bytes(50)
    ipc.shmwrite(id, b"x" * 20)
    ipc.shmwrite(id, bytearray(b"ab"), 0, 5)
    ipc.shmwrite(id, b"toolong", 7, 1)
    assert ipc.shmread(id, 0, 10) == b"ab\0\0\0xxtxx"
    for pos in (1990, -1):
        with pytest.raises(OSError, match=f"bytes? {pos}") as caught:
            ipc.shmread(id, pos, 11)
        assert caught.value.errno == errno.EFAULT
        with pytest.raises(OSError, match=f"bytes? {pos}") as caught:
            ipc.shmwrite(id, b"x", pos, 11)
        assert caught.value.errno == errno.EFAULT
    # Also where there is no memory for as much.
    for size in (1 << 46, (1 << 63) - 1, (1 << 64) - 1):
        with pytest.raises(OSError, match="of 2000") as caught:
            ipc.shmread(id, 0, size)
        assert caught.value.errno == errno.EFAULT
        with ipc.SharedMem(id) as memory, pytest.raises(OSError, match="of 2000") as caught:
            memory.read(1, size)
        assert caught.value.errno == errno.EFAULT
    stat = ipc.shmctl(id, IPC_STAT)
    assert len(stat) == 112
    assert ipc.shmctl(id, IPC_SET, stat) == 0
    with pytest.raises(ValueError, match="is 3, should be 112"):
        ipc.shmctl(id, IPC_SET, b"abc")
    assert ipc.shmctl(id, IPC_RMID) == 0
    with pytest.raises(OSError) as caught:
        ipc.shmread(id, 0, 1)
    assert caught.value.errno == errno.EINVAL


def test_a_buffer_without_a_copy() -> None:
    with ipc.SharedMem.create(IPC_PRIVATE, 1 << 20) as memory:
        memory.remove()
        view = memory.buffer
        assert (len(view), len(memory), view.readonly) == (1 << 20, 1 << 20, False)
        view[5:9] = b"here"
        assert memory.read(5, 4) == b"here"
        memory.write(b"there", 5, 7)
        assert bytes(view[5:12]) == b"there\0\0"
        numbers = memoryview(memory).cast("q")
        numbers[100] = -1
        assert memory.read(800, 8) == b"\xff" * 8
        with pytest.raises(BufferError):
            memory.detach()
        numbers.release()
        view.release()
        assert memory.stat()["removed"] and memory.stat()["nattch"] == 1
    with pytest.raises(ValueError):
        memory.read(0, 1)
    with pytest.raises(BufferError):
        memory.buffer


def test_numpy_over_it_without_a_copy() -> None:
    numpy = pytest.importorskip("numpy", reason="numpy over shared memory: no numpy")
    with ipc.SharedMem.create(IPC_PRIVATE, 8000) as memory:
        memory.remove()
        numbers = numpy.frombuffer(memory, dtype="f8")
        numbers[:] = 0.5

        def child() -> int:
            numbers[999] = numbers.sum()
            return 0

        kid = ipc.fork(child)
        assert kid is not None and kid.wait().ok
        assert numbers[999] == 500 and numbers.flags.writeable and not numbers.flags.owndata
        with pytest.raises(BufferError):
            memory.detach()
        del numbers, child
    read_only = None
    with ipc.SharedMem.create(IPC_PRIVATE, 64) as memory:
        read_only = ipc.SharedMem(memory.id, read_only=True)
        memory.remove()
        memory.write(b"seen")
        seen = numpy.frombuffer(read_only, dtype="u1")
        assert seen[:4].tobytes() == b"seen" and not seen.flags.writeable
        del seen
    read_only.detach()


def test_children_see_it_at_once() -> None:
    memory = ipc.SharedMem.open("perlipc-py-test", 100)
    view = memory.buffer

    def child() -> int:
        view[0] = 42
        return 0

    kid = ipc.fork(child)
    assert kid is not None and kid.wait().ok
    assert view[0] == 42
    view.release()
    read_only = ipc.SharedMem(memory.id, read_only=True)
    assert read_only.buffer.readonly
    with pytest.raises(PermissionError):
        read_only.write(b"x")
    memory.change(mode=0o640)
    assert memory.stat()["mode"] == 0o640
    memory.remove()
    memory.detach()
    memory.detach()


def test_perl_on_the_other_side() -> None:
    memory = ipc.SharedMem.create(IPC_PRIVATE, 100)
    memory.write(b"from Python")
    program = "shmread($ARGV[0], $t, 0, 11) or die; print $t; shmwrite($ARGV[0], 'from Perl', 50, 20) or die"
    assert ipc.qx(["perl", "-e", program, str(memory.id)]) == b"from Python"
    assert memory.read(50, 20) == b"from Perl" + bytes(11)
    memory.remove()
