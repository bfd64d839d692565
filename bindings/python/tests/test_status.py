from __future__ import annotations

import pickle

import pytest

import perlipc as ipc


def test_an_exit_code() -> None:
    status = ipc.system("exit 3;")
    assert (status.code, status.signal, status.core, status.stopped) == (3, None, False, None)
    assert (status.ok, status.known, status.returncode, int(status)) == (False, True, 3, 3 << 8)
    assert repr(status) == "Status(exited with 3)"
    assert str(status) == "exited with 3"


def test_a_signal() -> None:
    status = ipc.system(["sh", "-c", "kill -TERM $$"])
    assert (status.code, status.signal, status.ok, status.returncode) == (None, "TERM", False, -15)
    assert int(status) & 0x7F == 15
    assert str(status) == "killed by TERM"


def test_from_a_number() -> None:
    assert ipc.Status(0).ok
    unknown = ipc.Status(-1)
    assert not unknown.known and not unknown.ok
    assert (unknown.code, unknown.signal, unknown.returncode) == (None, None, None)
    assert str(unknown) == "unknown"
    stopped = ipc.Status(0x137F)
    assert stopped.stopped == "STOP" and stopped.code is None


def test_it_equals_its_number() -> None:
    assert ipc.Status(256) == ipc.Status(256)
    assert ipc.Status(256) == 256
    assert ipc.Status(256) != ipc.Status(0)
    assert ipc.Status(256) != "256"
    assert len({ipc.Status(256), ipc.Status(256), 256}) == 1
    assert hash(ipc.Status(-1)) == hash(-1)


def test_it_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"status\.ok"):
        bool(ipc.Status(0))


def test_check() -> None:
    good = ipc.Status(0)
    assert good.check() is good
    with pytest.raises(ipc.ChildError, match="exited with 2") as caught:
        ipc.Status(2 << 8).check()
    assert caught.value.status.code == 2 and caught.value.command is None


def test_it_travels() -> None:
    assert pickle.loads(pickle.dumps(ipc.Status(512))) == ipc.Status(512)
