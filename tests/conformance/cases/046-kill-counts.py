import time

import perlipc as ipc


def sleeper():
    time.sleep(20)


k = [ipc.fork(sleeper) for _ in range(3)]
gone = ipc.fork(lambda: 0)
gone.wait()
print(f"n={ipc.kill('TERM', k[0].pid, k[1].pid, gone.pid)} ESRCH=1")
print(f"n={ipc.kill('TERM', k[2].pid)}")
for kid in k:
    print(f"sig={int(kid.wait()) & 127}")
print(f"gone: n={ipc.kill('TERM', gone.pid)} ESRCH=1")
print(f"nobody: {ipc.kill('TERM')}")
