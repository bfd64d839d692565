import perlipc as ipc


class Over(Exception):
    pass


def limit(text):
    def die(_):
        raise Over(text)

    return ipc.local(ipc.SIG, ALRM=die)


try:
    with limit("outer"):
        ipc.alarm(0.4)
        try:
            with limit("inner"):
                ipc.alarm(0.1)
                ipc.sleep(1)
        except Over as e:
            print(f"inner: {e}")
        ipc.sleep(0.5)
        print("outer: never called")
except Over as e:
    print(f"outer: {e}")
