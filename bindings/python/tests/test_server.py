from __future__ import annotations

import functools
import os
import pickle
import signal
import subprocess
import sys
from typing import Any

import pytest

import perlipc as ipc


@pytest.mark.parametrize("kind", [{"limit": 3}, {"prefork": 2}, {"iterative": True}])
def test_serve(kind: dict[str, int]) -> None:
    def handler(client: ipc.Stream[bytes]) -> int:
        line = client.readline()
        client.write(b"served " + line)
        return 0

    before = signal.getsignal(signal.SIGTERM)
    listener = ipc.tcp_listen("127.0.0.1", 0)
    port = listener.port
    client = subprocess.Popen(client_program(port, 3), stdout=subprocess.PIPE, text=True)
    report = ipc.serve(listener, handler, drain=("TERM", 10.0), **kind)  # type: ignore[arg-type]
    assert client.communicate()[0] == "served me\n" * 3
    assert (report.accepted, report.ok, report.drained) == (3, 3, True), report
    assert signal.getsignal(signal.SIGTERM) == before
    assert listener.closed


@pytest.mark.parametrize("kind", [{"limit": 3}, {"prefork": 2}, {"iterative": True}])
def test_a_code_that_is_none(kind: dict[str, int]) -> None:
    codes = iter([256, -256])

    def handler(client: ipc.Stream[bytes]) -> int:
        client.readline()
        return next(codes)

    listener = ipc.tcp_listen("127.0.0.1", 0)
    client = subprocess.Popen(client_program(listener.port, 2), stdout=subprocess.PIPE)
    report = ipc.serve(listener, handler, drain=("TERM", 10.0), **kind)  # type: ignore[arg-type]
    client.communicate()
    assert (report.accepted, report.ok, report.failed) == (2, 0, 2), report


def test_a_limit_of_none() -> None:
    with ipc.tcp_listen("127.0.0.1", 0) as listener:
        with pytest.raises(ValueError, match="serve: the limit is at least one process"):
            ipc.serve(listener, "true", limit=0)
        assert not listener.closed


def client_program(port: int | None, requests: int) -> list[str]:
    """A client that stops the server when it has its answers."""
    program = (
        "import socket, os, sys\n"
        "for i in range(int(sys.argv[2])):\n"
        "    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "    try:\n"
        "        s.sendall(b'me\\n')\n"
        "        print(s.makefile().read(), end='')\n"
        "    except ConnectionError: pass\n"
        "os.kill(int(sys.argv[3]), 15)\n"
    )
    return ["python3", "-c", program, str(port), str(requests), str(os.getpid())]


def test_serve_a_command() -> None:
    listener = ipc.tcp_listen("127.0.0.1", 0)
    client = subprocess.Popen(client_program(listener.port, 2), stdout=subprocess.PIPE, text=True)
    report = ipc.serve(listener, "read l; echo served $l", drain=("TERM", 10.0))
    assert client.communicate()[0] == "served me\n" * 2
    assert (report.accepted, report.ok) == (2, 2)
    with pytest.raises(TypeError):
        ipc.serve(ipc.tcp_listen("127.0.0.1", 0), ["true"], prefork=2)
    listener = ipc.tcp_listen("127.0.0.1", 0)
    with pytest.raises(TypeError, match="the log is a function"):
        ipc.serve(listener, ["true"], log=3)  # type: ignore[arg-type]
    assert not listener.closed


def test_a_handler_that_raises(capfd: pytest.CaptureFixture[str]) -> None:
    for error in (LookupError("as asked"), SystemExit("as asked")):

        def handler(client: ipc.Stream[bytes]) -> int:
            raise error

        listener = ipc.tcp_listen("127.0.0.1", 0)
        program = client_program(listener.port, 1)
        client = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
        report = ipc.serve(listener, handler)
        client.communicate()
        assert report.failed == 1 and report.drained
        assert "as asked" in capfd.readouterr().err


@pytest.mark.parametrize("kind", [{"limit": 3}, {"prefork": 2}, {"iterative": True}])
def test_ctrl_c_while_the_hosts_functions_run(kind: dict[str, int]) -> None:
    """Python's own functions, in this process: the server ends, as in every other call."""

    def handler(client: ipc.Stream[bytes]) -> None:
        signal.raise_signal(signal.SIGINT)

    def log(event: str, *_: object) -> None:
        if event == "start" or event == "stop":
            signal.raise_signal(signal.SIGINT)

    listener = ipc.tcp_listen("127.0.0.1", 0)
    with ipc.tcp_connect("127.0.0.1", listener.port), pytest.raises(KeyboardInterrupt) as caught:
        ipc.serve(listener, handler, log=None if "iterative" in kind else log, **kind)  # type: ignore[arg-type]
    report = getattr(caught.value, "report")
    assert isinstance(report, ipc.ServerReport) and not report.drained
    # A worker has perhaps been quicker.
    assert report.accepted == 1 or "prefork" in kind
    assert listener.closed and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ({"limit": 3}, LookupError("as asked")),
        ({"limit": 3}, SystemExit("as asked")),
        ({"iterative": True}, SystemExit("as asked")),
    ],
)
@pytest.mark.parametrize("by", ["sig", "function", "method", "object", "partial"])
def test_what_a_signals_handler_raises_ends_it(kind: dict[str, int], error: BaseException, by: str) -> None:
    """Not who happened to run when the signal came."""

    def raises(*_: object) -> None:
        # It is recognized also where it has gone.
        if by == "sig":
            ipc.SIG["USR1"] = "IGNORE"
        raise error

    class Raises:
        def __call__(self, *_: object) -> None:
            raise error

    handlers: dict[str, Any] = {
        "function": raises,
        "method": Raises().__call__,
        "object": Raises(),
        "partial": functools.partial(functools.partial(raises, 1), 2),
    }

    def handler(client: ipc.Stream[bytes]) -> None:
        signal.raise_signal(signal.SIGUSR1)

    def log(event: str, *_: object) -> None:
        if event == "start":
            signal.raise_signal(signal.SIGUSR1)

    listener = ipc.tcp_listen("127.0.0.1", 0)
    with ipc.local(ipc.SIG, USR1="DEFAULT"):
        if by == "sig":
            ipc.SIG["USR1"] = raises
        else:
            signal.signal(signal.SIGUSR1, handlers[by])
        with ipc.tcp_connect("127.0.0.1", listener.port), pytest.raises(type(error), match="as asked") as caught:
            ipc.serve(listener, handler, log=log, drain=("TERM", 0.0), **kind)  # type: ignore[arg-type]
    report = getattr(caught.value, "report")
    assert isinstance(report, ipc.ServerReport) and (report.accepted, report.drained) == (1, False)


def test_what_a_handler_raises_while_nobody_is_served(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next client has nothing to do with it."""
    # pytest's own would keep it in the worker.
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    clients: list[subprocess.Popen[str]] = []

    def raises(*_: object) -> None:
        raise LookupError("while nobody is served")

    def log(event: str, pid: int | None, *_: object) -> None:
        if event == "start" and not clients:
            assert pid is not None
            # It is there before the client, and accept looks for it first.
            os.kill(pid, signal.SIGUSR1)
            clients.append(subprocess.Popen(client_program(port, 1), stdout=subprocess.PIPE, text=True))

    def handler(client: ipc.Stream[bytes]) -> None:
        client.write(b"served " + client.readline())

    listener = ipc.tcp_listen("127.0.0.1", 0)
    port = listener.port
    with ipc.local(ipc.SIG, USR1=raises):
        report = ipc.serve(listener, handler, log=log, prefork=1)
    assert clients[0].communicate()[0] == "served me\n"
    assert (report.accepted, report.ok) == (1, 1), report
    assert "while nobody is served" in capfd.readouterr().err


def test_the_log_and_a_dropped_user(capfd: pytest.CaptureFixture[str]) -> None:
    """In a process of its own, which gives up root for good."""
    told: list[tuple[str, bool, str, str]] = []

    def log(event: str, pid: int | None, status: ipc.Status | None, text: str) -> None:
        told.append((event, pid is not None, str(status), text.rpartition(":")[0]))
        if event == "error":
            raise LookupError("of the log alone")

    def serves() -> int:
        listener = ipc.tcp_listen("127.0.0.1", 0)
        client = subprocess.Popen(client_program(listener.port, 1), stdout=subprocess.PIPE)
        user = {"user": "65534", "group": 65534} if os.geteuid() == 0 else {}
        report = ipc.serve(listener, "read l; id -u; exit 3", log=log, **user)  # type: ignore[arg-type]
        assert (report.accepted, report.failed, report.unknown) == (1, 1, 0)
        assert told[0] == ("ready", False, "None", "")
        assert told[1] == ("start", True, "None", "127.0.0.1")
        assert sorted(told[2:]) == [("end", True, "exited with 3", ""), ("stop", False, "None", "")]
        assert client.communicate()[0] == b"%d\n" % (65534 if user else os.geteuid())
        assert os.geteuid() != 0
        return 0

    child = ipc.fork()
    if child is None:
        try:
            os._exit(serves())
        except BaseException as error:
            print(error)
            os._exit(1)
    status = child.wait(20)
    assert status.ok, capfd.readouterr()
    with pytest.raises(TypeError, match="a group comes with a user"):
        ipc.serve(ipc.tcp_listen("127.0.0.1", 0), "true", group="nogroup")


def test_calls_end_where_connections_share_a_process() -> None:
    def handle(client: ipc.Stream[bytes]) -> int:
        client.timeout = 60
        try:
            client.readline()
        except TimeoutError:
            client.write(b"late\n")
            return 3
        return 0

    for options in ({"prefork": 1}, {"iterative": True}):
        listener = ipc.tcp_listen("127.0.0.1", 0)
        program = (
            "import os, signal, socket, sys;"
            "client = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
            "said = client.recv(100);"
            "os.kill(os.getppid(), signal.SIGTERM);"
            "sys.exit(said != b'late\\n')"
        )
        client = subprocess.Popen([sys.executable, "-c", program, str(listener.port)])
        report = ipc.serve(listener, handle, each=0.2, **options)
        assert client.wait(20) == 0
        assert (report.accepted, report.failed) == (1, 1), report


def test_a_connection_has_an_end() -> None:
    listener = ipc.tcp_listen("127.0.0.1", 0)
    client = subprocess.Popen(client_program(listener.port, 1), stdout=subprocess.PIPE)
    report = ipc.serve(listener, "exec sleep 1000", each=0.1)
    assert (report.accepted, report.killed, report.cut) == (1, 1, 1), report
    assert client.communicate()[0] == b""


def test_a_report_travels() -> None:
    listener = ipc.tcp_listen("127.0.0.1", 0)
    client = subprocess.Popen(client_program(listener.port, 1), stdout=subprocess.DEVNULL)
    report = ipc.serve(listener, "read l; echo served", drain=("TERM", 10.0))
    client.wait()
    assert repr(pickle.loads(pickle.dumps(report))) == repr(report)
