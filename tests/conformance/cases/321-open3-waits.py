import signal

import perlipc as ipc

kid = ipc.open3(["cat"], merge=True)
print("runs", 0 if kid.child.poll() is None else kid.child.pid)
kid.writer.close()
print("reaped", int(kid.child.wait()))
try:
    ipc.waitpid(kid.child.pid)
    print("again")
except ChildProcessError:
    print("again -1 -1")
for s in "TERM", "KILL", "HUP":
    kid = ipc.open3(["sleep", "60"], merge=True)
    kid.child.kill(s)
    st = kid.close()
    print(st.signal, int(signal.Signals[f"SIG{st.signal}"]), int(st) >> 8)
for x in 0, 1, 255, 256, 128:
    print(f"exit {x} {ipc.open3(f'exit {x};', merge=True).close().code}")
kid = ipc.open3("sleep 60 & echo $!; exit 4", merge=True)
bg = int(kid.reader.readline())
print("code", kid.child.wait().code)
ipc.kill("TERM", bg)
print("more" if kid.reader.readline() else "end")
