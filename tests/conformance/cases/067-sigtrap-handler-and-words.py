import os

import perlipc as ipc

ipc.SIG["HUP"] = lambda name: print("mine:", name)
# Python itself has a handler of INT and ignores PIPE: a Perl program finds them at their default.
del ipc.SIG["INT"], ipc.SIG["PIPE"]
ipc.trap("untrapped", "normal-signals", handler=lambda name: print("sigtrap:", name))
for s in "HUP", "INT", "PIPE", "TERM":
    ipc.kill(s, os.getpid())
ipc.trap("any", "normal-signals", handler=lambda name: print("any:", name))
ipc.kill("HUP", os.getpid())
try:
    ipc.trap("nosuchword")
    print("taken")
except ValueError:
    print("refused")
