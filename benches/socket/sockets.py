"""What the Python programs of this area share."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from timing import main, often, once  # noqa: E402, F401

DATA = bytes(64)
LINES = 2_000_000
BATCH = 32
WORKERS = 4
CLIENTS = 64
started = []


def child(name):
    return os.path.join(os.environ.get("BENCH_BIN", "."), name)


def echo(mode):
    """The other end of a client: its port or path."""
    process = subprocess.Popen([child("echo"), mode], stdout=subprocess.PIPE, text=True)
    started.append(process)
    return process.stdout.readline().strip()


def load(mode, port):
    """The clients of a server, which print what they measure."""
    process = subprocess.Popen([child("load"), mode, str(port)])
    started.append(process)
    return process


def run(metrics):
    try:
        main(metrics)
    finally:
        for process in started:
            process.kill()
            process.wait()
