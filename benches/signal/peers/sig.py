"""Python's own signal module."""

import os
import signal

import timing as t

ME = os.getpid()
KINDS = [signal.Signals["SIG" + name] for name in (
    "HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD CONT URG XCPU XFSZ VTALRM PROF WINCH".split())]
came = 0


def handler(number, frame):
    global came
    came += 1


def other(answer, begin=lambda: None):
    """Starts the other one, which begins, and answers until it is killed or this one ends."""
    me = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    begin()
    while os.getppid() == me:
        answer(me)
    os._exit(0)


def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def self_64():
    global came
    for _ in range(64):
        os.kill(ME, signal.SIGUSR1)
        if came != 1:
            raise SystemExit("came")
        came = 0


def selves():
    signal.signal(signal.SIGUSR1, handler)
    t.often(self_64, 64)


def take_64():
    for _ in range(64):
        os.kill(ME, signal.SIGUSR1)
        if signal.sigwaitinfo([signal.SIGUSR1]).si_signo != signal.SIGUSR1:
            raise SystemExit("taken")


def burst():
    global came
    for kind in KINDS:
        os.kill(ME, kind)
    if came != 16:
        raise SystemExit("came")
    came = 0


def bursts():
    for kind in KINDS:
        signal.signal(kind, handler)
    t.often(burst)


def block():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])


def wait():
    block()
    t.often(take_64, 64)


def pairs():
    """What waits in that module without a window is the descriptor."""
    reader = -1

    def begin():
        nonlocal reader
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])

    def answer(to):
        os.read(reader, 1)
        os.kill(to, signal.SIGUSR1)

    def there_and_back():
        for _ in range(64):
            os.kill(theirs, signal.SIGUSR1)
            os.read(reader, 1)

    signal.signal(signal.SIGUSR1, handler)
    block()
    theirs = other(answer, begin)
    begin()
    t.often(there_and_back, 64)
    end(theirs)


def pairs_wait():
    block()

    def answer(to):
        signal.sigwaitinfo([signal.SIGUSR1])
        os.kill(to, signal.SIGUSR1)

    def there_and_back():
        for _ in range(64):
            os.kill(theirs, signal.SIGUSR1)
            signal.sigwaitinfo([signal.SIGUSR1])

    theirs = other(answer)
    t.often(there_and_back, 64)
    end(theirs)


t.main({
    "self": selves,
    "wait": wait,
    "burst": bursts,
    "pp": pairs,
    "pp_wait": pairs_wait,
})
