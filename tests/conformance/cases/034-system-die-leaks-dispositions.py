import signal

import perlipc as ipc


def die(_):
    raise RuntimeError("t")


ipc.SIG["ALRM"] = die
del ipc.SIG["INT"]
try:
    ipc.alarm(0.5)
    ipc.system("sleep 2")
except RuntimeError as e:
    print(f"err={e}")
print(f"INT now: {'IGNORE' if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else 'DEFAULT'}")
print(f"CHLD blocked: {int(signal.SIGCHLD in signal.pthread_sigmask(signal.SIG_BLOCK, []))}")
print(f"%SIG says {ipc.SIG['INT']}")
try:
    ipc.wait()
    print("left child reapable: 1")
except ChildProcessError:
    print("left child reapable: 0")
