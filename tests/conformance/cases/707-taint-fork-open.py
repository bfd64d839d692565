import os

import perlipc as ipc

os.environ["PATH"] = "/bin:."


def kid():
    print("forked")
    try:
        ipc.exec(["echo", "hi"], taint=True)
    except OSError as e:
        print(e.strerror)


with ipc.open("-|", kid, text=True) as k:
    print(k.read(), end="")
print(f"code={k.status.code}")
