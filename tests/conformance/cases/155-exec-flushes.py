import perlipc as ipc


def child():
    print("buffered")
    ipc.exec(["echo", "executed"])


with ipc.open("-|", child) as f:
    print(f.read().decode(), end="")
print(int(f.status))
