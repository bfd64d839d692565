"""perlipc from Python, as a user would write it."""

import os

import perlipc as ipc
import timing as t

ME = os.getpid()
KINDS = "HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD CONT URG XCPU XFSZ VTALRM PROF WINCH".split()
came = 0


def handler(name):
    global came
    came += 1


def self_64():
    global came
    for _ in range(64):
        ipc.kill("USR1", ME)
        if came != 1:
            raise SystemExit("came")
        came = 0


def selves():
    ipc.SIG["USR1"] = handler
    t.often(self_64, 64)


def take_64():
    for _ in range(64):
        ipc.kill("USR1", ME)
        if ipc.SIG.next() != "USR1":
            raise SystemExit("taken")


def wait():
    with ipc.SIG.block("USR1"):
        t.often(take_64, 64)


def burst():
    global came
    for kind in KINDS:
        ipc.kill(kind, ME)
    if came != 16:
        raise SystemExit("came")
    came = 0


def bursts():
    for kind in KINDS:
        ipc.SIG[kind] = handler
    t.often(burst)


def hear():
    global came
    while not came:
        ipc.SIG.dispatch(None)
    came = 0


def pair(answer, there_and_back):
    def forever():
        while os.getppid() == ME:
            answer(ME)

    theirs = ipc.fork(forever)
    t.often(lambda: there_and_back(theirs), 64)
    theirs.end(0)


def pairs():
    def answer(to):
        hear()
        ipc.kill("USR1", to)

    def there_and_back(theirs):
        for _ in range(64):
            ipc.kill("USR1", theirs)
            hear()

    ipc.SIG["USR1"] = handler
    pair(answer, there_and_back)


def pairs_wait():
    def answer(to):
        ipc.SIG.next()
        ipc.kill("USR1", to)

    def there_and_back(theirs):
        for _ in range(64):
            ipc.kill("USR1", theirs)
            ipc.SIG.next()

    with ipc.SIG.block("USR1"):
        pair(answer, there_and_back)


def poll():
    dispatch = ipc.SIG.dispatch

    def looks():
        for _ in range(4096):
            dispatch()

    ipc.SIG["USR1"] = handler
    t.often(looks, 4096)


t.main({
    "self": selves,
    "wait": wait,
    "burst": bursts,
    "pp": pairs,
    "pp_wait": pairs_wait,
    "poll_call": poll,
})
