from __future__ import annotations

import os

import pytest

import perlipc as ipc


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_dropping_privileges_is_for_good() -> None:
    def drop() -> int:
        ipc.drop_privileges("nobody")
        try:
            os.setuid(0)
        except PermissionError:
            return 0 if os.getresuid() == (os.getuid(),) * 3 and os.getuid() != 0 and 0 not in os.getgroups() else 2
        return 1

    child = ipc.fork(drop)
    assert child is not None and child.wait().code == 0


def test_what_cannot_be_dropped() -> None:
    with pytest.raises(ValueError, match="no such user"):
        ipc.drop_privileges("no-such-user")
    with pytest.raises(ValueError, match="nothing to drop"):
        ipc.drop_privileges(0)
