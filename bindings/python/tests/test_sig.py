"""SIG, local, kill, alarm, sleep: Perl's signals over Python's."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import perlipc as ipc
from conftest import Program

ME = os.getpid()
# Made once for the process, and kept.
FD = ipc.SIG.fileno()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Every disposition is put back."""
    numbers = [n for n in range(1, 65) if n not in (9, 19, 32, 33)]
    before = {n: signal.getsignal(n) for n in numbers}
    yield
    ipc.alarm(0)
    for n in numbers:
        if signal.getsignal(n) is not before[n]:
            signal.signal(n, before[n])


@pytest.fixture
def log() -> list[str]:
    return []


def test_tables() -> None:
    assert ipc.SIG.signame[17] == "CHLD" and ipc.SIG.signame[0] == "ZERO" and len(ipc.SIG.signame) == 65
    assert ipc.SIG.signo["ALRM"] == 14
    for alias, name in (("CLD", "CHLD"), ("POLL", "IO"), ("IOT", "ABRT")):
        assert ipc.SIG.signo[alias] == ipc.SIG.signo[name]
    assert len(ipc.SIG) == 62 and set(ipc.SIG) <= set(ipc.SIG.signo) and "INT" in ipc.SIG and "FOO" not in ipc.SIG
    for number in range(1, 65):
        assert ipc.SIG.signo[ipc.SIG.signame[number]] == number


def test_a_handler_gets_the_name_and_has_run(log: list[str]) -> None:
    ipc.SIG["SIGUSR1"] = log.append
    assert ipc.kill("USR1", ME) == 1
    assert log == ["USR1"]
    os.kill(ME, signal.SIGUSR1)
    assert log == ["USR1", "USR1"]
    assert ipc.SIG["USR1"] == log.append
    assert ipc.SIG[10] == ipc.SIG[signal.SIGUSR1] == log.append
    # One owner: Python's module shows it.
    assert callable(signal.getsignal(signal.SIGUSR1))
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    now: object = ipc.SIG["USR1"]
    assert now == "IGNORE"
    ipc.SIG["CLD"] = log.append
    ipc.kill("CHLD", ME)
    assert log[2:] == ["CHLD"]


def test_what_python_has_set_reads_and_goes_back() -> None:
    was = ipc.SIG["INT"]
    assert was == ipc.SIG["INT"] and callable(was)
    with pytest.raises(KeyboardInterrupt):
        was("INT")
    ipc.SIG["INT"] = "DEFAULT"
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    ipc.SIG["INT"] = was
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert ipc.SIG["PIPE"] == "IGNORE"


def test_refused() -> None:
    for name in ("KILL", "STOP"):
        with pytest.raises(OSError, match=f"signal {name}: Invalid argument"):
            ipc.SIG[name] = print
    for name in ("SEGV", "BUS", "FPE", "ILL"):
        with pytest.raises(ValueError, match="fault for ever"):
            ipc.SIG[name] = print
    for none in ("FOO", "int", "ZERO", 0, 65, -1, 32):
        with pytest.raises(KeyError):
            ipc.SIG[none]
        with pytest.raises(KeyError):
            ipc.SIG[none] = "IGNORE"
    with pytest.raises(ValueError):
        ipc.SIG["USR1"] = "ignore"  # type: ignore[assignment]
    with pytest.raises(ValueError):
        ipc.kill("usr1", ME)
    raised: list[Exception] = []

    def elsewhere() -> None:
        try:
            ipc.SIG["USR1"] = "IGNORE"
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_a_handler_that_raises_keeps_no_signal_from_the_others(log: list[str]) -> None:
    def leave(name: str) -> None:
        raise LookupError(name)

    child = ipc.start(["sleep", "100"])
    with ipc.local(ipc.SIG, TERM=leave), pytest.raises(LookupError):
        ipc.kill("TERM", ME, child)
    assert child.wait(timeout=30).signal == "TERM"
    # Nor does one that cannot be reached, and a handler has all the arrivals in one call.
    child = ipc.start(["sleep", "100"])
    ipc.SIG["USR1"] = log.append
    assert ipc.kill("USR1", 99999999, ME, ME, child) == 3
    assert (log, child.wait(timeout=30).signal) == (["USR1"], "USR1")
    # Twice negative is nobody.
    with pytest.raises(OSError, match="Invalid argument"):
        ipc.kill("-USR1", 99999999, -99999999, 99999999)


def test_local_restores_on_every_way_out(log: list[str]) -> None:
    ipc.SIG["USR1"] = log.append
    inner: list[str] = []
    with ipc.local(ipc.SIG, {"USR2": "IGNORE"}, USR1="IGNORE"):
        ipc.kill("USR1", ME)
        with ipc.local(ipc.SIG, USR1=inner.append):
            ipc.kill("USR1", ME)
        ipc.kill("USR1", ME)
        ipc.kill("USR2", ME)
        assert (ipc.SIG["USR1"], ipc.SIG["USR2"]) == ("IGNORE", "IGNORE")
    ipc.kill("USR1", ME)
    assert (log, inner) == (["USR1"], ["USR1"])
    assert ipc.SIG["USR2"] == "DEFAULT"
    with pytest.raises(KeyError), ipc.local(ipc.SIG, USR1="IGNORE"):
        raise KeyError
    assert ipc.SIG["USR1"] == log.append

    def leave() -> None:
        with ipc.local(ipc.SIG, USR1="DEFAULT"):
            return

    leave()
    assert ipc.SIG["USR1"] == log.append
    # A name that is none changes nothing.
    with pytest.raises(KeyError), ipc.local(ipc.SIG, USR1="IGNORE", FOO="IGNORE"):
        pass
    assert ipc.SIG["USR1"] == log.append


def test_a_signal_to_a_fresh_child_is_not_lost(log: list[str]) -> None:
    ipc.SIG["USR1"] = log.append

    def heard() -> int:
        for _ in range(2):
            if not log:
                ipc.SIG.dispatch(5)
        return len(log)

    for _ in range(100):
        child = ipc.fork(heard)
        ipc.kill("USR1", child)
        assert child.wait().code == 1


def test_what_children_inherit() -> None:
    def of_yes() -> str | None:
        with ipc.open("-|", ["yes"], stderr="null") as lines:
            lines.readline()
        assert lines.status is not None
        return lines.status.signal

    # The interpreter's own doing is not handed on, the user's is.
    assert ipc.SIG["PIPE"] == "IGNORE" and of_yes() == "PIPE"
    with ipc.local(ipc.SIG, PIPE="IGNORE"):
        assert of_yes() is None
        with ipc.local(ipc.SIG, PIPE="DEFAULT"):
            assert of_yes() == "PIPE"
        assert of_yes() is None
    assert ipc.SIG["PIPE"] == "IGNORE" and of_yes() == "PIPE"


def test_what_is_blocked_when_it_ends_goes_to_the_outer_one(log: list[str]) -> None:
    inner: list[str] = []
    ipc.SIG["USR1"] = log.append
    with ipc.SIG.block("USR1"):
        with ipc.local(ipc.SIG, USR1=inner.append):
            ipc.kill("USR1", ME)
        assert log == []
    assert (log, inner) == (["USR1"], [])


def test_block_and_next(log: list[str]) -> None:
    with pytest.raises(ValueError):
        ipc.SIG.next(0)
    with ipc.SIG.block("USR1", "HUP"), ipc.SIG.block("USR1"):
        for name in ("USR1", "HUP", "USR1"):
            ipc.kill(name, ME)
        assert [ipc.SIG.next(), ipc.SIG.next(0)] == ["HUP", "USR1"]
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            ipc.SIG.next(0.05)
        assert time.monotonic() - begin >= 0.05
        thread = threading.Timer(0.05, lambda: ipc.kill("HUP", ME))
        thread.start()
        assert ipc.SIG.next(10) == "HUP"
        thread.join()
        ipc.SIG["USR2"] = log.append
        thread = threading.Timer(0.05, lambda: ipc.kill("USR2", ME))
        thread.start()
        with pytest.raises(TimeoutError):
            ipc.SIG.next(0.2)
        assert log == ["USR2"]
        thread.join()
    assert signal.SIGUSR1 not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_kill_counts() -> None:
    child = ipc.start(["sleep", "100"], process_group=0)
    gone = ipc.start(["true"])
    gone.wait()
    assert ipc.kill(0, child, child.pid, gone, gone.pid, ME, 2**31 - 1) == 3
    assert ipc.kill("TERM") == 0
    assert ipc.kill("-TERM", child.pid) == 1
    assert child.wait().signal == "TERM"
    child = ipc.start(["sleep", "100"], process_group=0)
    assert ipc.kill(-15, child.pid) == 1
    assert child.wait().signal == "TERM"
    child = ipc.start(["sleep", "100"], process_group=0)
    assert ipc.kill("TERM", -child.pid) == 1
    assert child.wait().signal == "TERM"
    with pytest.raises(TypeError):
        ipc.kill(0, "12")  # type: ignore[arg-type]


def test_kill_of_what_is_not_ours(program: Callable[[str], Program]) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    one = program("os.setresuid(65534, 65534, 65534)\ntry:\n    ipc.kill(0, 1)\nexcept PermissionError:\n    print('denied')\n")
    assert one.end() == (0, "denied\n", "")


def test_alarm(log: list[str]) -> None:
    assert ipc.alarm(100) == 0
    assert 80 < ipc.alarm(60.5) <= 100
    assert 40 < ipc.alarm(0) <= 60.5
    assert ipc.alarm(0) == 0
    with pytest.raises(ValueError):
        ipc.alarm(-1)

    class Restart(Exception):
        pass

    def handler(name: str) -> None:
        log.append(name)
        raise Restart

    ipc.SIG["ALRM"] = handler
    reader, writer = ipc.pipe()
    with reader, writer:
        for _ in range(3):
            with pytest.raises(Restart):
                ipc.alarm(0.02)
                reader.readline()
        ipc.SIG["ALRM"] = log.append
        ipc.alarm(0.01, 0.01)
        reader.timeout = 0.2
        with pytest.raises(TimeoutError):
            reader.readline()
        ipc.alarm(0)
    assert log[:3] == ["ALRM"] * 3 and len(log) > 4


def test_sleep_is_cut(log: list[str]) -> None:
    ipc.SIG["ALRM"] = log.append
    # Again and again: what comes before the sleep has begun does not cut it.
    ipc.alarm(0.05, 0.05)
    left = ipc.sleep(100)
    assert 50 < left < 100
    ipc.alarm(0)
    assert set(log) == {"ALRM"}
    os.kill(ME, signal.SIGALRM)
    assert ipc.sleep(0.05) == 0
    with pytest.raises(ValueError):
        ipc.sleep(-1)


def test_the_spooler(log: list[str]) -> None:
    def broke(name: str) -> None:
        raise RuntimeError(f"spooler pipe broke: {name}")

    for how in (broke, log.append):
        with ipc.local(ipc.SIG, PIPE=how):
            reader, writer = ipc.pipe()
            reader.close()
            with pytest.raises((RuntimeError, BrokenPipeError)) as raised:
                writer.write(b"stuff\n")
            assert isinstance(raised.value, RuntimeError if how is broke else BrokenPipeError)
            # What could not be written may be tried once more.
            with contextlib.suppress(RuntimeError, BrokenPipeError):
                writer.close()
    assert set(log) == {"PIPE"}


def test_a_reaper() -> None:
    statuses: dict[int, ipc.Status] = {}

    def reaper(name: str) -> None:
        while True:
            try:
                pid, status = ipc.wait(0)
            except (ChildProcessError, TimeoutError):
                return
            statuses[pid] = status

    with ipc.local(ipc.SIG, CHLD=reaper):
        children = {ipc.fork(lambda code=code: code).pid: code for code in range(5)}
        assert ipc.system("exit 3;").code == 3
        with ipc.open("echo x; exit 6 |") as lines:
            assert list(lines) == [b"x\n"]
        assert lines.status is not None and lines.status.code == 6
        end = time.monotonic() + 10
        while not children.keys() <= statuses.keys() and time.monotonic() < end:
            ipc.sleep(0.1)
    assert {pid: statuses[pid].code for pid in children} == children


def test_the_descriptor(log: list[str]) -> None:
    fd = ipc.SIG.fileno()
    assert fd == FD
    ipc.SIG.dispatch()
    ipc.SIG["USR1"] = log.append
    os.kill(ME, signal.SIGUSR1)
    assert readable(fd)
    ipc.SIG.dispatch()
    assert not readable(fd) and log == ["USR1"]


def readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])


def test_asyncio_is_not_disturbed(log: list[str]) -> None:
    ipc.SIG["USR2"] = log.append

    async def main() -> None:
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, came.set)
        loop.call_later(0.01, ipc.kill, "USR1", ME)
        await asyncio.wait_for(came.wait(), 5)
        ipc.kill("USR2", ME)
        await asyncio.sleep(0)
        loop.remove_signal_handler(signal.SIGUSR1)

    asyncio.run(main())
    assert log == ["USR2"]


def test_ctrl_c(program: Callable[[str], Program]) -> None:
    one = program("ipc.SIG['USR1'] = print\ntry:\n    ready()\n    ipc.sleep(30)\nexcept KeyboardInterrupt:\n    print('interrupt')\n")
    one.signal_when_waiting()
    assert one.end() == (0, "interrupt\n", "")


def test_no_wake_up_is_lost() -> None:
    class Now(Exception):
        pass

    def handler(name: str) -> None:
        raise Now

    rounds = 3000 if os.environ.get("PERLIPC_SOAK") == "1" else 300
    go = threading.Event()
    over = False

    def sender() -> None:
        while True:
            go.wait()
            go.clear()
            if over:
                return
            os.kill(ME, signal.SIGUSR1)

    thread = threading.Thread(target=sender)
    thread.start()
    ipc.SIG["USR1"] = handler
    child = ipc.start(["sleep", "1000"])
    reader, writer = ipc.pipe()
    calls: list[Callable[[], object]] = [child.wait, reader.readline, lambda: ipc.sleep(1000), ipc.wait]
    with reader, writer:
        for n in range(rounds):
            with pytest.raises(Now):
                go.set()
                calls[n % 4]()
    over = True
    go.set()
    thread.join()
    child.end(0)


# ---- the trap ----


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ("ctypes.string_at(16)", "SEGV"),
        ("os.abort()", "ABRT"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "TERM"),
        # Stuck in C, where no handler of Python's runs.
        ("signal.setitimer(signal.ITIMER_REAL, 0.05); ctypes.CDLL(None).usleep(10_000_000)", "ALRM"),
    ],
)
def test_trap_tells_and_the_signal_ends(program: Callable[[str], Program], how: str, name: str) -> None:
    one = program(f"""
import ctypes, resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
ipc.trap("error-signals", "TERM", "ALRM")
def in_python():
    {how}
in_python()
""")
    code, out, err = one.end()
    assert (code, out) == (-ipc.SIG.signo[name], "")
    lines = err.splitlines()
    assert any("in in_python" in line for line in lines), err
    at = lines.index(f"Caught a SIG{name}")
    assert any("+0x" in line for line in lines[at + 1 :]), err


def test_trap_with_a_handler(log: list[str]) -> None:
    ipc.trap("normal-signals", handler=log.append)
    for name in ("HUP", "INT", "PIPE", "TERM"):
        assert ipc.SIG[name] == log.append
        ipc.kill(name, ME)
    assert log == ["HUP", "INT", "PIPE", "TERM"]
    # Only what is at its default.
    ipc.SIG["TERM"] = "IGNORE"
    ipc.SIG["HUP"] = "DEFAULT"
    ipc.trap("untrapped", "HUP", "TERM", handler=print)
    assert (ipc.SIG["HUP"], ipc.SIG["TERM"]) == (print, "IGNORE")
    with pytest.raises(ValueError, match="ILL, BUS, FPE, SEGV cannot be deferred"):
        ipc.trap(handler=log.append)
    for none in ("FOO", "ZERO", "KILL"):
        with pytest.raises((ValueError, OSError)):
            ipc.trap(none)
    assert signal.getsignal(signal.SIGSEGV) is signal.SIG_DFL


# ---- no window ----


def test_no_signal_slips_past_a_call(program: Callable[[str], Program]) -> None:
    """Each comes at another moment around the beginning of a call that would wait for ever; several threads have it open."""
    one = program("""
class Out(Exception): pass
came = 0
def out(name):
    global came
    came += 1
    raise Out
read, write = os.pipe()
pid = os.getpid()
sender = os.fork()
if not sender:
    import random
    os.close(write)
    random.seed(7)
    while os.read(read, 1):
        end = time.perf_counter_ns() + random.randrange(60_000)
        while time.perf_counter_ns() < end: pass
        os.kill(pid, signal.SIGUSR1)
    os._exit(0)
def idle():
    while not over.wait(0.005): pass
over = threading.Event()
for _ in range(4): threading.Thread(target=idle, daemon=True).start()
r, w = ipc.pipe()
child = ipc.start(["sleep", "1000"])
listener = ipc.tcp_listen("127.0.0.1", 0)
calls = [r.readline, child.wait, listener.accept, lambda: ipc.sleep(1000), lambda: ipc.waitpid(child.pid), r.read]
ipc.SIG["USR1"] = out
os.close(read)
signal.alarm(60)  # what is lost hangs
rounds = ROUNDS
for n in range(rounds):
    try:
        os.write(write, b"x")
        calls[n % len(calls)]()
        print("came back")
    except Out:
        pass
signal.alarm(0)
print(came == rounds)
os.close(write)
os.waitpid(sender, 0)
over.set()
child.end(0)
""".replace("ROUNDS", "20000" if os.environ.get("PERLIPC_SOAK") == "1" else "2000"))
    assert one.end(60) == (0, "True\n", "")


def test_what_another_thread_gets_is_handled_once(log: list[str]) -> None:
    ipc.SIG["USR1"] = log.append
    over = threading.Event()
    thread = threading.Thread(target=over.wait, daemon=True)
    thread.start()
    assert thread.ident is not None
    for n in range(1, 51):
        signal.pthread_kill(thread.ident, signal.SIGUSR1)
        while len(log) < n:
            ipc.SIG.dispatch(10)
        # What is forwarded to this thread on its way has come by now.
        ipc.sleep(0.001)
        assert len(log) == n
    over.set()
    thread.join()


def test_beside_a_second_copy(log: list[str]) -> None:
    """The C library in the same process is another library: who sets a handler last has the signal, and gives it back."""
    path = Path(__file__).parents[3] / "build/lib/libperlipc.so"
    if not path.exists():
        pytest.skip("no build/lib/libperlipc.so: make lib")
    other = ctypes.CDLL(str(path))
    theirs: list[bytes] = []
    kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)

    def note(signo: int, name: bytes, userdata: object) -> int:
        theirs.append(name)
        return 0

    handler = kind(note)

    ipc.SIG["USR1"] = log.append
    saved = ctypes.c_void_p()
    assert other.ipc_signal_save(b"USR1", ctypes.byref(saved)) == 0
    assert other.ipc_signal_handle(b"USR1", handler, None) == 0
    os.kill(ME, signal.SIGUSR1)
    # Not by this library's calls, which go on, but by the other's.
    assert ipc.sleep(0.01) == 0 and (log, theirs) == ([], [])
    assert other.ipc_signal_dispatch(0) == 1 and (log, theirs) == ([], [b"USR1"])
    assert other.ipc_signal_restore(saved) == 0
    ipc.kill("USR1", ME)
    assert (log, theirs) == (["USR1"], [b"USR1"])


def test_the_whole_table_is_set_to_its_defaults(program: Callable[[str], Program]) -> None:
    one = program("""
ipc.SIG["USR1"], ipc.SIG["USR2"] = print, "IGNORE"
ipc.SIG.clear()
print(set(ipc.SIG.values()), None in ipc.SIG, b"INT" in ipc.SIG)
""")
    assert one.end() == (0, "{'DEFAULT'} False False\n", "")


def test_a_signal_has_its_name_in_the_table_also_where_its_handler_is_unknown() -> None:
    look = "import perlipc as ipc; print('SEGV' in ipc.SIG, 11 in ipc.SIG, 'FOO' in ipc.SIG)"
    # In this mode the interpreter has a handler of its own for faults from its start.
    told = subprocess.run([sys.executable, "-X", "dev", "-c", look], capture_output=True, text=True)
    assert (told.stdout, told.stderr) == ("True True False\n", "")
