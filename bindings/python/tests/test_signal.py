"""Python's signals and our blocking calls: Ctrl-C gets out, handlers that return do not end a call, limits hold."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

import perlipc as ipc
from conftest import Program

BLOCKING = {
    "wait": "c = ipc.start(['sleep', '30'], die_with_parent=True)\ncall = c.wait",
    "wait with a limit": "c = ipc.start(['sleep', '30'], die_with_parent=True)\ncall = lambda: c.wait(20)",
    "wait for any": "c = ipc.start(['sleep', '30'], die_with_parent=True)\ncall = ipc.wait",
    "waitpid": "c = ipc.start(['sleep', '30'], die_with_parent=True)\ncall = lambda: ipc.waitpid(c.pid)",
    "waitpid of any": "c = ipc.start(['sleep', '30'], die_with_parent=True)\ncall = lambda: ipc.waitpid(-1)",
    "readline": "r, w = ipc.pipe()\ncall = r.readline",
    "iteration": "r, w = ipc.pipe()\ncall = lambda: list(r)",
    "read": "r, w = ipc.pipe()\ncall = r.read",
    "read of some": "r, w = ipc.pipe()\nw.write(b'a')\ncall = lambda: r.read(5)",
    "read of text": "r, w = ipc.pipe(text=True)\nw.write('a')\ncall = lambda: r.read(5)",
    "read1 with a limit": "r, w = ipc.pipe()\nr.timeout = 20\ncall = r.read1",
    "readlines": "r, w = ipc.pipe()\nw.write(b'a\\n')\ncall = r.readlines",
    "count_lines": "r, w = ipc.pipe()\nw.write(b'a\\n')\ncall = r.count_lines",
    "eof": "r, w = ipc.pipe()\ncall = r.eof",
    "write": "r, w = ipc.pipe()\ncall = lambda: w.write(bytes(1 << 20))",
    "close": "s = ipc.open('-|', ['sleep', '30'], die_with_parent=True)\ncall = s.close",
    "close that flushes": (
        "s = ipc.open('|-', ['sleep', '30'], die_with_parent=True)\ns.timeout = 0\n"
        "try: s.write(bytes(1 << 20))\nexcept TimeoutError: s.timeout = None\ncall = s.close"
    ),
    "expect": "r, w = ipc.pipe()\ncall = lambda: r.expect(b'x', timeout=None)",
    "communicate": "k = ipc.open3(['sleep', '30'], die_with_parent=True)\ncall = lambda: k.communicate(bytes(1 << 20))",
    "lines": "k = ipc.open3(['sleep', '30'], die_with_parent=True)\ncall = lambda: list(k.lines())",
    "accept": "call = ipc.tcp_listen('127.0.0.1', 0).accept",
    "serve": "listener = ipc.tcp_listen('127.0.0.1', 0)\ncall = lambda: ipc.serve(listener, print)",
    "serve by few": "listener = ipc.tcp_listen('127.0.0.1', 0)\ncall = lambda: ipc.serve(listener, print, prefork=2)",
    "serve by turns": "listener = ipc.tcp_listen('127.0.0.1', 0)\ncall = lambda: ipc.serve(listener, print, iterative=True)",
    "recv": "call = ipc.udp('127.0.0.1').recv",
    "a fifo": "fifo = ipc.PrivateFifo()\ncall = lambda: ipc.open_fifo(fifo, '<')",
    "a semaphore": "call = ipc.FutexSemaphore(None, 0).take",
    "argv": "os.dup2(os.pipe()[0], 0)\ncall = lambda: next(ipc.argv([]))",
    "pipeline": "call = lambda: ipc.pipeline(['sleep', '30'], ['cat'])",
    "qx": "call = lambda: ipc.qx(['sleep', '30'])",
    "capture": "call = lambda: ipc.capture(['sleep', '30'], b'x' * (1 << 20))",
    "capture with a limit": "call = lambda: ipc.capture(['sleep', '30'], timeout=20)",
    "readline beside threads": (
        "e = threading.Event()\nthreading.Thread(target=e.wait, daemon=True).start()\nr, w = ipc.pipe()\ncall = r.readline"
    ),
}


@pytest.mark.parametrize("code", BLOCKING.values(), ids=BLOCKING.keys())
def test_an_interrupt_gets_out(program: Callable[[str], Program], code: str) -> None:
    one = program(f"{code}\ntry:\n    ready()\n    call()\nexcept KeyboardInterrupt:\n    print('interrupt', flush=True)\nos._exit(0)\n")
    one.signal_when_waiting()
    assert one.end() == (0, "interrupt\n", "")


@pytest.mark.parametrize("call", ["s.count_lines()", "s.read()", "s.take(1 << 40)", "ipc.capture(['yes'], limit=100)"])
def test_an_interrupt_gets_out_of_a_call_that_never_waits(program: Callable[[str], Program], call: str) -> None:
    one = program(f"""
signal.signal(signal.SIGALRM, signal.default_int_handler)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    with ipc.open("yes |") as s:
        {call}
except KeyboardInterrupt:
    print("interrupt")
""")
    assert one.end() == (0, "interrupt\n", "")


def test_system_gives_up_for_an_exception_of_another_handler(program: Callable[[str], Program]) -> None:
    one = program("""
def give_up(signum, frame):
    raise KeyError("given up")
signal.signal(signal.SIGTERM, give_up)
try:
    ready()
    ipc.system(["sleep", "30"])
except KeyError as error:
    print(error, ipc.orphans(), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
""")
    one.signal_when_waiting(signal.SIGTERM)
    assert one.end() == (0, "'given up' 0 True\n", "")


@pytest.mark.parametrize(
    "call",
    [
        "r.readline()",
        "r.read(5)",
        # What they wait for is what the handler writes.
        "ipc.qx('read l <&3; echo line', fds={3: r.fileno()})",
        "ipc.capture(['sh', '-c', 'read l <&3; printf line'], b'', fds={3: r.fileno()}).stdout + b'\\n'",
        "str(ipc.system('read l <&3', fds={3: r.fileno()}))[:0].encode() + b'line\\n'",
        "list(ipc.open('read l <&3; echo line |', fds={3: r.fileno()}))[0]",
    ],
)
def test_a_handler_that_returns_does_not_end_a_call(program: Callable[[str], Program], call: str) -> None:
    one = program(f"""
r, w = ipc.pipe()
ran = []
def handler(signum, frame):
    ran.append(signum)
    w.write(b"line\\n")
signal.signal(signal.SIGUSR1, handler)
ready()
print({call}, len(ran))
""")
    one.signal_when_waiting(signal.SIGUSR1)
    assert one.end() == (0, "b'line\\n' 1\n", "")


def test_a_time_limit_does_not_start_anew(program: Callable[[str], Program]) -> None:
    one = program("""
ran = []
signal.signal(signal.SIGALRM, lambda *a: ran.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
r, w = ipc.pipe()
r.timeout = 0.3
for call in (r.readline, r.read, lambda: ipc.wait(0.3), lambda: c.wait(0.3)):
    c = ipc.start(["sleep", "30"])
    before = time.monotonic()
    try:
        call()
    except TimeoutError:
        took = time.monotonic() - before
        print(0.29 < took < 20)
    c.kill("KILL")
    c.wait()
print(ipc.capture(["sleep", "30"], timeout=0.3).timed_out, len(ran) > 5)
signal.setitimer(signal.ITIMER_REAL, 0)
""")
    assert one.end() == (0, "True\nTrue\nTrue\nTrue\nTrue True\n", "")


def test_a_write_that_is_interrupted_is_written_once(program: Callable[[str], Program]) -> None:
    one = program("""
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
data = os.urandom(1 << 20)
r, w = ipc.pipe()
got = []
thread = threading.Thread(target=lambda: got.append(slow(r)))
def slow(r):
    parts = []
    while part := r.read1(20000):
        parts.append(part)
        time.sleep(0.002)
    return b"".join(parts)
thread.start()
w.write(data)
w.close()
thread.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print(got[0] == data)
""")
    assert one.end() == (0, "True\n", "")


def test_what_a_handler_may_do_with_the_stream_that_it_interrupts(program: Callable[[str], Program]) -> None:
    one = program("""
r, w = ipc.pipe()
def handler(signum, frame):
    try:
        r.readline()
    except RuntimeError as error:
        print("in use" in str(error))
    raise KeyError("out")
signal.signal(signal.SIGUSR1, handler)
try:
    ready()
    r.readline()
except KeyError as error:
    print(error)
w.write(b"after\\n")
print(r.readline())
""")
    one.signal_when_waiting(signal.SIGUSR1)
    assert one.end() == (0, "True\n'out'\nb'after\\n'\n", "")


def test_an_interrupt_leaves_no_child(program: Callable[[str], Program]) -> None:
    one = program("""
try:
    with ipc.open("sleep 1000 & echo $!; exec sleep 1000|") as stream:
        other = int(stream.readline())
        ready()
        stream.readline()
except KeyboardInterrupt:
    print(stream.child.status, ipc.orphans(), flush=True)
    os._exit(0)
""")
    one.signal_when_waiting()
    assert one.end() == (0, "killed by TERM 0\n", "")


def test_dispositions_are_as_before(program: Callable[[str], Program]) -> None:
    one = program("""
def all():
    return [signal.getsignal(n) for n in signal.valid_signals()], open("/proc/self/status").read().split("SigBlk")[1].split("CapInh")[0]
before = all()
ipc.qx(["true"]), ipc.system(["true"]), ipc.capture(["cat"], b"x"), ipc.fork(lambda: 0).wait(), list(ipc.open("echo|"))
print(before == all())
""")
    assert one.end() == (0, "True\n", "")


def test_asyncio_is_untouched() -> None:
    async def main() -> tuple[bytes, int | None]:
        process = await asyncio.create_subprocess_exec("sh", "-c", "echo theirs; exit 3", stdout=-1)
        loop = asyncio.get_running_loop()
        ours = await loop.run_in_executor(None, lambda: ipc.qx("sleep 0.05; echo ours"))
        out, _ = await process.communicate()
        return ours + out, process.returncode

    assert asyncio.run(main()) == (b"ours\ntheirs\n", 3)
