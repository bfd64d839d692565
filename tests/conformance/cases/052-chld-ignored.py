import time

import perlipc as ipc

ipc.SIG["CHLD"] = "IGNORE"


def kid():
    time.sleep(0.2)
    print("the child has run", flush=True)
    return 3


# Known where the kernel keeps the status beside the pidfd (Linux 6.15), and unknown elsewhere: never a wrong one.
def told(status, code):
    return "as it was" if not status.known or status.code == code else f"wrong: {status}"


p = ipc.fork(kid)
print(f"wait={told(p.wait(), 3)}")
print(f"system={told(ipc.system('exit 4;'), 4)}")
with ipc.open("-|", "exit 5;") as f:
    f.read()
print(f"close={told(f.status, 5)}")
try:
    ipc.wait()
except ChildProcessError:
    print("nobody is left")
