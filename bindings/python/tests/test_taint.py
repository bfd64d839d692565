from __future__ import annotations

import os
from pathlib import Path

import pytest

import perlipc as ipc


@pytest.fixture(autouse=True)
def path_that_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("TERM", "xterm")


def test_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ipc.taint_check()
    monkeypatch.setenv("ENV", "/tmp/rc")
    with pytest.raises(PermissionError, match=r"taint: Insecure \$ENV\{ENV\}") as caught:
        ipc.taint_check()
    assert getattr(caught.value, "step") == "taint"
    monkeypatch.delenv("ENV")
    os.chmod(tmp_path, 0o777)
    monkeypatch.setenv("PATH", f"/bin:{tmp_path}")
    with pytest.raises(PermissionError, match=rf"Insecure directory in \$ENV\{{PATH\}}: {tmp_path}"):
        ipc.taint_check()


def test_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ipc.qx("echo safe; true", taint=True) == b"safe\n"
    monkeypatch.setenv("IFS", "x")
    for start in (ipc.qx, ipc.system, ipc.start):
        with pytest.raises(PermissionError, match="Insecure"):
            start(["true"], taint=True)
    with pytest.raises(PermissionError, match="Insecure"):
        ipc.open("true |", taint=True)
    assert ipc.system(["true"]) == 0


def test_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IFS", "x")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LC_ALL", "$(reboot)")
    monkeypatch.delenv("LC_CTYPE", raising=False)
    env = ipc.clean_environment()
    assert (env["PATH"], env["TERM"], env["LANG"]) == ("/usr/bin:/bin", "xterm", "C.UTF-8")
    assert "LC_ALL" not in env and "IFS" not in env
    said = ipc.qx(["env"], text=True, clean=True, taint=True).splitlines()
    assert sorted(said) == sorted(f"{name}={value}" for name, value in env.items())
    assert ipc.qx(["/usr/bin/env"], env={"A": "b"}, clean=False) == b"A=b\n"
