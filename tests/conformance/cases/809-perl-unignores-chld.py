import signal

import perlipc as ipc

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
# With SIGCHLD ignored the kernel reaps the child itself; the handle asks its pidfd and knows all the same.
f = ipc.open("-|", ["sh", "-c", "exit 3"])
f.read()
print(f.close().code)
f = ipc.open("-|", ["grep", "SigIgn", "/proc/self/status"])
line = f.readline()
print(int(line.split()[1], 16) >> 16 & 1)
