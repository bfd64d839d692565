import os

import perlipc as ipc

os.environ["PATH"] = "/usr/bin:/bin"
for name in "IFS", "CDPATH", "ENV", "BASH_ENV":
    os.environ.pop(name, None)


def attempt(what, call):
    try:
        call()
        print(f"{what}: allowed")
    except OSError as e:
        print(f"{what}: {e.strerror}")


attempt("system", lambda: ipc.system("true x", taint=True))
attempt("qx", lambda: ipc.qx("true x", taint=True))
attempt("popen", lambda: ipc.open("true x|", taint=True).close())
attempt("relative", lambda: ipc.system(["./x"], taint=True))
os.environ["IFS"] = "x"
attempt("IFS", lambda: ipc.system("true x", taint=True))
attempt("clean", lambda: ipc.system(["/bin/true"], taint=True, clean=True))
