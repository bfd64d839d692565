import os

import perlipc as ipc

listener = ipc.tcp_listen("127.0.0.1", 0)
ipc.SIG["CHLD"] = "IGNORE"
me = os.getpid()
for _ in range(3):
    c = ipc.tcp_connect("127.0.0.1", listener.port)
    k = listener.accept()
    if ipc.fork() is None:
        k.write(b"child of the server\n" if os.getppid() == me else b"child of another\n")
        os._exit(3)
    k.close()
    lines = c.readlines()
    print(len(lines), lines[0].decode(), end="")
try:
    while True:
        _, status = ipc.wait()
        # Known or not by the kernel: never a code that is none.
        print("reaped", {3: "as it ended", None: "as it ended"}[status.code])
except ChildProcessError:
    print("nobody left: ECHILD")
