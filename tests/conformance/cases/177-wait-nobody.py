import os

import perlipc as ipc


def nobody(wait):
    try:
        wait()
        return "0 ECHILD=0"
    except ChildProcessError:
        return "-1 ECHILD=1"


print("wait:", nobody(ipc.wait), "status=-1")
print("stranger:", nobody(lambda: ipc.waitpid(os.getppid())))
pid = os.fork()
if pid == 0:
    os._exit(3)
st = ipc.waitpid(pid)
print(f"ours: 1 code={st.code}")
print("again:", nobody(lambda: ipc.waitpid(pid)))
