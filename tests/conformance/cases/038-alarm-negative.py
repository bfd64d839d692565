import perlipc as ipc

try:
    ipc.alarm(-1)
except ValueError as e:
    print(e)
