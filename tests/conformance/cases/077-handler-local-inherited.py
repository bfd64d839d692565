import os

import perlipc as ipc


def more():
    ipc.kill("INT", os.getpid())
    print(f"still here, SIG={ipc.SIG['INT']}")


def precious():
    with ipc.local(ipc.SIG, INT="IGNORE"):
        more()


ipc.SIG["INT"] = lambda _: print("handler")
precious()
ipc.kill("INT", os.getpid())
