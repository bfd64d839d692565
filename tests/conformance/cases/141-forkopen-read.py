import perlipc as ipc


def kid():
    print("from the kid")
    print("second")
    return 3


with ipc.open("-|", kid, text=True) as k:
    for line in k:
        print("got:", line, end="")
print(f"close={int(k.status.ok)} kid exited {int(k.status)}")
