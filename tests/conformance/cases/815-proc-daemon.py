import os

import perlipc as ipc

directory = os.getcwd()
r, w = ipc.pipe(text=True)
if not ipc.daemonize(chdir=False, keep=True):
    os.dup2(os.open(f"{directory}/out", os.O_WRONLY | os.O_CREAT, 0o600), 1)
    w.write(f"{os.getpid()}\n")
    ipc.exec("echo daemon in $(basename $(pwd)) && sleep 0.1")
w.close()
print(f"pid>0: {int(int(r.readline()) > 0)}")
while not (os.path.exists("out") and os.path.getsize("out")):
    ipc.sleep(0.02)
line = open("out").read()
print("it works in our directory" if line == f"daemon in {os.path.basename(directory)}\n" else f"elsewhere: {line}")
try:
    ipc.wait()
    print("child of ours: 1")
except ChildProcessError:
    print("child of ours: 0")
