import os
import time

import perlipc as ipc

s = ipc.tcp_listen("127.0.0.1", 0, backlog=5)
port = s.port
waitedpid = 0


def REAPER(name):
    global waitedpid
    waitedpid, status = ipc.wait()
    print("reaped", status.code, flush=True)


ipc.SIG["CHLD"] = REAPER
if ipc.fork() is None:
    time.sleep(0.2)
    os._exit(5)
c2 = ipc.fork()
if c2 is None:
    time.sleep(0.6)
    c = ipc.tcp_connect("127.0.0.1", port)
    time.sleep(1)
    os._exit(0)
it = 0
while client := s.accept():
    # The handler has run inside accept, which goes on waiting: no pass is made for the signal alone.
    it += 1
    print("connection")
    break
print(f"it={it}")
ipc.SIG["CHLD"] = "DEFAULT"
c2.kill("TERM")
c2.wait()
