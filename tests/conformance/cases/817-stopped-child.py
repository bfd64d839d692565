import os
import time

import perlipc as ipc


def sleeper():
    time.sleep(20)


p = ipc.fork(sleeper)
ipc.kill("STOP", p)
# The system's own: an end would stay.
stop = os.waitid(os.P_PID, p.pid, os.WSTOPPED)
print(int(stop.si_pid == p.pid), "-", stop.si_status)
print(0 if p.poll() is None else 1)
ipc.kill("TERM", p)
print(0 if p.poll() is None else 1)
ipc.kill("CONT", p)
print(int(p.wait()))
