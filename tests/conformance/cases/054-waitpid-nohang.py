import perlipc as ipc

r, w = ipc.pipe()


def kid():
    w.close()
    r.read1(1)
    return 9


p = ipc.fork(kid)
r.close()
status = ipc.waitpid(-1, timeout=0)
print(f"alive: {0 if status is None else 1} status=-1")
w.close()
while True:
    try:
        pid, status = ipc.wait(timeout=0)
        break
    except TimeoutError:
        ipc.sleep(0.01)
print(f"ended: {int(pid == p.pid)} status={status.code}")
try:
    ipc.waitpid(-1, timeout=0)
except ChildProcessError:
    print("none: -1 status=-1 ECHILD=1")
