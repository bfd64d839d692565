from __future__ import annotations

import gc
import os
import select
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

import perlipc as ipc
from conftest import Program, children, eventually
from collections.abc import Callable


def test_start_and_wait() -> None:
    child = ipc.start(["sh", "-c", "exit 5"])
    assert child.pid > 0
    assert child.wait().code == 5
    assert child.wait().code == 5
    assert child.status == ipc.Status(5 << 8)
    assert child.poll() == child.status
    assert repr(child) == f"Child({child.pid}, exited with 5)"


def test_poll_and_fileno() -> None:
    child = ipc.start(["cat"], stdin=(end := ipc.pipe())[0])
    end[0].close()
    assert child.poll() is None and child.status is None
    poll = select.poll()
    poll.register(child, select.POLLIN)
    assert poll.poll(0) == []
    end[1].close()
    assert poll.poll(10_000) == [(child.fileno(), select.POLLIN)]
    status = child.poll()
    assert status is not None and status.ok


def test_wait_with_a_limit() -> None:
    child = ipc.start(["sleep", "30"])
    before = time.monotonic()
    with pytest.raises(TimeoutError):
        child.wait(0.05)
    with pytest.raises(TimeoutError):
        child.wait(0)
    assert time.monotonic() - before < 5
    # A signal that was not found in some table is not TERM.
    with pytest.raises(TypeError):
        child.kill(None)  # type: ignore[arg-type]
    assert child.kill() == "process"
    assert child.wait().signal == "TERM"
    with pytest.raises(ProcessLookupError):
        child.kill()


def test_kill_by_name_and_number() -> None:
    for how, name in ((signal.SIGKILL, "KILL"), ("SIGHUP", "HUP"), ("USR1", "USR1"), (15, "TERM")):
        child = ipc.start(["sleep", "30"])
        child.kill(0)
        child.kill(how)
        assert child.wait().signal == name


def test_a_pipe_ends_with_the_child() -> None:
    child = ipc.start(["sleep", "1000"])
    fd = child.exit_fd()
    assert stat.S_ISFIFO(os.fstat(fd).st_mode) and not os.get_inheritable(fd)
    assert select.select([fd], [], [], 0) == ([], [], [])
    child.kill("KILL")
    assert select.select([fd], [], [], 10) == ([fd], [], [])
    with open(fd, "rb") as pipe:
        assert pipe.read() == b""
    status = child.poll()
    assert status is not None and status.signal == "KILL"


def test_a_forked_child_closes_what_another_thread_reads(program: Callable[[str], Program]) -> None:
    code = """
reader, writer = ipc.pipe()
def read():
    try:
        reader.read()
    except OSError:
        pass
thread = threading.Thread(target=read, daemon=True)
thread.start()
looks = 0
while looks < 15:
    # Asleep at several looks: in the call, and not only on the way there.
    with open(f"/proc/self/task/{thread.native_id}/stat") as stat:
        looks = looks + 1 if stat.read().rpartition(") ")[2][0] == "S" else 0
    time.sleep(0.001)
def child():
    signal.alarm(30)
    reader.close()
    return ipc.system(["true"]).code
print(ipc.fork(child).wait())
"""
    assert program(code).end() == (0, "exited with 0\n", "")


def test_kill_a_tree() -> None:
    with ipc.open("-|", ["sh", "-c", "sleep 1000 & sleep 1000 & echo $$ $!; wait"]) as stream:
        pids = [int(pid) for pid in stream.readline().split()]
        assert stream.child is not None
        assert stream.child.kill("KILL", tree=True) == "sweep"
        # The end of the pipe: nobody holds it any more.
        assert stream.read() == b""
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") and _runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_end() -> None:
    child = ipc.start(["sleep", "30"])
    assert child.end().signal == "TERM"
    assert child.end().signal == "TERM"
    with ipc.open("-|", ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.01; done"]) as stream:
        stream.readline()
        assert stream.child is not None
        assert stream.child.end(grace=0.05).signal == "KILL"
    # The child goes, what it has started does not listen: it goes too, as its end of the pipe shows.
    deaf = "(trap '' TERM; echo deaf; exec sleep 100) & exec sleep 100 |"
    with ipc.open(deaf) as stream:
        stream.readline()
        assert stream.child is not None
        assert stream.child.end(grace=1).signal == "TERM"
        assert stream.readline(timeout=60) == b""


def test_a_dropped_child_leaves_no_zombie() -> None:
    reader, writer = ipc.pipe()
    child = ipc.start(["cat"], stdin=reader)
    reader.close()
    pid = child.pid
    del child
    gc.collect()
    assert ipc.orphans() == 1
    writer.close()
    eventually(lambda: ipc.orphans() == 0)
    assert pid not in children()


def _all_told() -> None:
    """Also of those that other tests have let go."""
    with pytest.raises(ChildProcessError):
        while True:
            ipc.wait(10)


def test_wait_for_any() -> None:
    _all_told()
    slow = ipc.start(["sleep", "30"])
    quick = ipc.start(["sh", "-c", "exit 6"])
    assert ipc.wait() == (quick.pid, ipc.Status(6 << 8))
    assert quick.wait().code == 6
    with pytest.raises(TimeoutError):
        ipc.wait(0.05)
    slow.kill()
    assert ipc.wait(10)[0] == slow.pid


def test_wait_for_those_that_were_let_go() -> None:
    _all_told()
    pids = {ipc.fork(lambda n=n: n).pid: n for n in range(4)}
    assert {pid: status.code for pid, status in (ipc.wait(10) for _ in pids)} == pids
    pid = ipc.start(["sh", "-c", "exit 9"]).pid
    status = ipc.waitpid(pid, timeout=10)
    assert status is not None and status.code == 9
    _all_told()


def test_waitpid() -> None:
    _all_told()
    child = ipc.start(["sleep", "30"])
    assert ipc.waitpid(child.pid, timeout=0) is None
    child.kill("KILL")
    status = ipc.waitpid(child.pid)
    assert status is not None and status.signal == "KILL"
    assert child.wait() == status
    with pytest.raises(ChildProcessError):
        ipc.waitpid(child.pid)
    with pytest.raises(ChildProcessError):
        ipc.waitpid(-1, timeout=0)


def test_wait_tells_which_of_a_group_ended() -> None:
    r, w = ipc.pipe()
    first = ipc.start(["sh", "-c", "read x; exit 1"], stdin=r, process_group=0)
    second = ipc.start(["sh", "-c", "read x; exit 2"], stdin=r, process_group=first.pid)
    other = ipc.start(["sh", "-c", "exit 3"])
    w.close()
    ended = {}
    with pytest.raises(ChildProcessError):
        while True:
            pid, status = ipc.wait(pid=-first.pid)
            ended[pid] = status.code
    assert ended == {first.pid: 1, second.pid: 2}
    assert (first.wait().code, second.wait().code, other.wait().code) == (1, 2, 3)
    pid = os.fork()
    if pid == 0:
        signal.pause()
    with pytest.raises(TimeoutError):
        ipc.wait(0, pid=pid)
    os.kill(pid, signal.SIGKILL)
    assert ipc.wait(10, pid=-1) == (pid, ipc.Status(signal.SIGKILL))


def test_beside_subprocess() -> None:
    theirs = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    ours = ipc.start(["sh", "-c", "exit 4"])
    assert ipc.wait(10) == (ours.pid, ipc.Status(4 << 8))
    assert theirs.wait() == 3
    ours = ipc.start(["sh", "-c", "exit 5"])
    theirs = subprocess.Popen(["true"])
    assert theirs.wait() == 0
    assert ours.wait().code == 5


def test_a_stolen_status_is_known_all_the_same() -> None:
    child = ipc.start(["sh", "-c", "exit 9"])
    pid, number = os.waitpid(-1, 0)
    assert (pid, os.waitstatus_to_exitcode(number)) == (child.pid, 9)
    status = child.wait()
    # Known from Linux 6.15 on, and never taken for success.
    assert status.code == 9 or not status.known


def test_fork() -> None:
    child = ipc.fork()
    if child is None:
        os._exit(11)
    assert child.wait().code == 11


@pytest.mark.parametrize(
    ("target", "args", "code"),
    [
        (lambda: None, (), 0),
        (lambda: 7, (), 7),
        (lambda a, b: a + b, (3, 4), 7),
        (lambda: sys.exit(5), (), 5),
        (lambda: sys.exit("gone"), (), 1),
        (lambda: True, (), 1),
    ],
)
def test_a_forked_function_ends_with_its_result(target: Callable[..., int | None], args: tuple[int, ...], code: int) -> None:
    child = ipc.fork(target, *args)
    assert child is not None
    assert child.wait().code == code


def test_a_forked_function_that_raises(program: Callable[[str], Program]) -> None:
    code = """
def fail(error):
    raise error
codes = [ipc.fork(fail, error).wait().code for error in (KeyError("k"), FileNotFoundError(2, "gone"), OSError("plain"))]
print(codes, ipc.fork(fail, KeyboardInterrupt()).wait().signal, ipc.fork(lambda: "x").wait().code)
"""
    returncode, out, err = program(code).end()
    assert (returncode, out) == (0, "[255, 2, 255] INT 255\n"), err
    assert "KeyError: 'k'" in err and "FileNotFoundError" in err and "not str" in err


def test_a_forked_function_that_raises_tells_the_hook_of_sys(program: Callable[[str], Program]) -> None:
    code = """
def fail():
    raise KeyError("k")
sys.excepthook = lambda kind, error, where: print("hook", kind.__name__, error.args, where.tb_frame.f_code.co_name)
print(ipc.fork(fail).wait().code)
def broken(*about):
    raise ValueError("of the hook")
sys.excepthook = broken
print(ipc.fork(fail).wait().code)
"""
    returncode, out, err = program(code).end()
    assert (returncode, out) == (0, "hook KeyError ('k',) _code\n255\n255\n"), err
    assert "KeyError: 'k'" in err and "ValueError: of the hook" in err


def test_a_forked_function_without_standard_output_or_error(program: Callable[[str], Program]) -> None:
    code = """
def fail():
    raise OSError(2, "x")
said, told, codes = sys.stdout, sys.stderr, []
closed = open(os.devnull, "w")
closed.close()
for sys.stdout in (None, closed):
    for sys.stderr in (None, closed, told):
        codes += [ipc.fork(lambda: 3).wait().code, ipc.fork(fail).wait().code]
print(set(codes[::2]), set(codes[1::2]), file=said)
"""
    assert program(code).end()[:2] == (0, "{3} {2}\n")


def test_the_package_does_not_load_what_weighs_on_each_fork() -> None:
    # threading registers a hook whose work in each forked child weighs more than that of a short handler.
    code = "import perlipc, sys; print({'threading', 'traceback', 'socket', 'subprocess'} & set(sys.modules))"
    assert ipc.qx([sys.executable, "-c", code], text=True) == "set()\n"


def test_a_forked_function_waits_for_the_threads_it_started(program: Callable[[str], Program]) -> None:
    code = """
def start():
    import threading, time
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
print(ipc.fork(start).wait().code)
"""
    assert program(code).end()[:2] == (0, "thread\n0\n")


def test_fork_flushes_before_and_the_child_flushes_its_own(program: Callable[[str], Program]) -> None:
    code = """
print("before", end=" ")
ipc.fork(lambda: print("child", end=" ")).wait()
print("after")
"""
    assert program(code).end()[:2] == (0, "before child after\n")


def test_fork_runs_what_modules_registered(program: Callable[[str], Program]) -> None:
    code = """
os.register_at_fork(after_in_child=lambda: print("hook", end=" "))
print(ipc.fork(lambda: 3).wait().code)
"""
    assert program(code).end()[:2] == (0, "hook 3\n")


def test_a_fork_that_fails() -> None:
    def limited() -> int:
        import resource

        if os.getuid() == 0:
            ipc.drop_privileges(65534, 65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        try:
            ipc.fork()
        except BlockingIOError:
            return 21
        return 1

    child = ipc.fork(limited)
    assert child is not None
    assert child.wait().code == 21


def test_many_threads_wait_for_one() -> None:
    reader, writer = ipc.pipe()
    child = ipc.start(["sh", "-c", "read x; exit 8"], stdin=reader)
    reader.close()
    seen: list[int | None] = []
    threads = [threading.Thread(target=lambda: seen.append(child.wait().code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    writer.write(b"go\n")
    for thread in threads:
        thread.join(10)
    writer.close()
    assert seen == [8] * 4


def test_exec(program: Callable[[str], Program]) -> None:
    assert program("print('one'); ipc.exec(['sh', '-c', 'echo two; exit 3'])").end()[:2] == (3, "one\ntwo\n")
    with pytest.raises(FileNotFoundError) as caught:
        ipc.exec(["no-such-program"])
    assert getattr(caught.value, "step") == "exec"
