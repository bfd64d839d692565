import perlipc as ipc


def run_sleep():
    ipc.alarm(0.5)
    ipc.exec(["sleep", "5"])


ipc.alarm(10)
ipc.fork(lambda: print(f"child left={ipc.alarm(0):g}")).wait()
print(f"parent left>0={int(ipc.alarm(0) > 0)}")
print(f"exec'd sleep died of {int(ipc.fork(run_sleep).wait()) & 127}")
