import perlipc as ipc

try:
    ipc.open2(["nosuch_xyz"])
except OSError as error:
    print(f"0 open2: {error}")
