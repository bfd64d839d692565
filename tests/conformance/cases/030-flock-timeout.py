import errno

import perlipc as ipc


def die(_):
    raise RuntimeError("alarm clock restart")


def ret(_):
    pass


def kid():
    with open("l", "a") as b:
        for mode, handler in ("die", die), ("ret", ret):
            try:
                with ipc.local(ipc.SIG, ALRM=handler):
                    ipc.alarm(0.5)
                    ipc.flock(b, "EX", timeout=1)
                    ipc.alarm(0)
                r = "returned 1"
            except RuntimeError as e:
                r = f"died {'ok' if str(e) == 'alarm clock restart' else e}"
            except OSError as e:
                r = f"returned 0 EINTR={int(e.errno == errno.EINTR)}"
            print(f"{mode}: {r}")


with open("l", "w") as a:
    ipc.flock(a, "EX")
    ipc.fork(kid).wait()
