import perlipc as ipc


def alarm(seconds):
    return round(ipc.alarm(seconds), 1)


print(alarm(10), alarm(20), alarm(0), alarm(0))
print(alarm(3.9), alarm(0))
print(alarm(0.5), alarm(0))
