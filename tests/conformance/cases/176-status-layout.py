import os

import perlipc as ipc


def kid():
    ipc.kill("STOP", os.getpid())
    return 7


p = ipc.fork(kid)
raw = os.waitpid(p.pid, os.WUNTRACED)[1]
st = ipc.Status(raw)
by = ipc.SIG.number(st.stopped)
exited, signaled = int(st.code is not None), int(st.signal is not None)
print(f"stopped=1 by {by} raw={int(st):x} exited={exited} signaled={signaled}")
ipc.kill("CONT", p)
st = p.wait()
print(f"then status={int(st):x} code={st.code}")
st = ipc.fork(lambda: ipc.kill("KILL", os.getpid())).wait()
print(f"killed status={int(st):x} signal={ipc.SIG.number(st.signal)}")
