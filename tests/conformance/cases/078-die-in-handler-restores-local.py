import contextvars
import os

import perlipc as ipc

v = contextvars.ContextVar("v", default="outer")


def die(_):
    raise RuntimeError("x")


def f():
    token = v.set("inner")
    try:
        with ipc.local(ipc.SIG, USR2="IGNORE"):
            ipc.kill("USR1", os.getpid())
    finally:
        v.reset(token)


ipc.SIG["USR1"] = die
try:
    f()
except RuntimeError as e:
    print(f"v={v.get()} USR2={ipc.SIG['USR2']} err={e}")
