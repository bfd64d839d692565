import os

import perlipc as ipc


class Caught(Exception):
    pass


def die(name):
    raise Caught(f"Caught a SIG{name}")


ipc.trap("normal-signals", handler=die)
for s in "HUP", "INT", "TERM":
    try:
        ipc.kill(s, os.getpid())
        print("not reached")
    except Caught as e:
        print(f"{s}: {'caught' if str(e) == f'Caught a SIG{s}' else f'no: {e}'}")
print("end")
