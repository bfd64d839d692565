"""What the Python programs of this area share."""

import os
import signal
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


class Started:
    """A program beside this one. Not by subprocess, which imports threading: its hook would weigh on each fork of a server."""

    def __init__(self, *args, stdout=1):
        self.pid = os.posix_spawn(child(args[0]), args, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, stdout, 1)])
        self.status = None
        started.append(self)

    def wait(self):
        if self.status is None:
            self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def kill(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)


def echo(mode):
    """The other end of a client: its port or path."""
    reader, writer = os.pipe()
    Started("echo", mode, stdout=writer)
    os.close(writer)
    return os.fdopen(reader).readline().strip()


def load(mode, port):
    """The clients of a server, which print what they measure."""
    return Started("load", mode, str(port))


def run(metrics):
    try:
        main(metrics)
    finally:
        for process in started:
            process.kill()
            process.wait()
