import os

import perlipc as ipc


def true(label: str, name: str, value: str) -> None:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        ipc.system(["/bin/true"], taint=True)
        print(f"{label}: ok")
    except OSError as e:
        print(f"{label}: {e.strerror}")
    if before is None:
        del os.environ[name]
    else:
        os.environ[name] = before


os.environ["PATH"] = "/bin:/usr/bin"
for name in ["IFS", "CDPATH", "ENV", "BASH_ENV", "TERM", "LD_PRELOAD", "PERL5LIB", "HOME"]:
    true(name, name, "x")
true("TERM odd", "TERM", "a;b")
true("TERM normal", "TERM", "xterm-256color+x.y_z")
true("IFS clean", "IFS", "clean")
