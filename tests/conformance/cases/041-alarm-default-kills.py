import perlipc as ipc


def kid():
    ipc.alarm(0.5)
    ipc.sleep(5)


print(f"sig={int(ipc.fork(kid).wait()) & 127}")
