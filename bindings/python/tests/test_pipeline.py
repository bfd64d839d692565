from __future__ import annotations

import perlipc as ipc


def test_a_pipeline_and_its_statuses() -> None:
    said = ipc.pipeline(["yes"], ["head", "-n", "2"], "tr y z", text=True)
    assert said.stdout == "z\nz\n" and said.ok
    assert said.statuses[0].signal == "PIPE"
    failed = ipc.pipeline("cat; exit 4;", ["cat"], input=b"in")
    assert failed.stdout == b"in" and not failed.ok and failed.status.ok
    assert ipc.pipeline(["sleep", "100"], ["cat"], timeout=0.1).timed_out
