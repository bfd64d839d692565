import os

import perlipc as ipc


def execute() -> None:
    child = ipc.fork()
    if child is None:
        try:
            ipc.exec("true", taint=True)
        except OSError as e:
            print(e.strerror, flush=True)
            os._exit(1)
    if child.wait() == 0:
        print("ok")


def attempt(start) -> None:
    try:
        start()
    except OSError as e:
        print(e.strerror)
    else:
        if start is not execute:
            print("ok")


forms = [
    lambda: ipc.system("true", taint=True),
    lambda: ipc.system(["true", "a"], taint=True),
    lambda: ipc.qx("true", taint=True),
    lambda: ipc.open("-|", "true", taint=True).close(),
    lambda: ipc.open("-|", ["true", "a"], taint=True).close(),
    execute,
    lambda: ipc.system(["/bin/true", "a"], taint=True),
    lambda: ipc.system("/bin/true", taint=True),
]
for form in forms:
    attempt(form)
os.environ["PATH"] = "/bin:."
for form in forms:
    attempt(form)
