import perlipc as ipc


def told(call, *args, **words):
    try:
        call(*args, **words)
        return 1
    except ConnectionRefusedError:
        return "REFUSED"
    except TimeoutError:
        return "nothing"


with ipc.udp("127.0.0.1", 0) as d:
    dead = d.address
b = ipc.udp("127.0.0.1", 0)


def send():
    return told(b.send, b"x")


def recv():
    return told(b.recv, 9, timeout=0)


print("unconnected", told(b.send, b"x", dead), told(b.send, b"x", dead))
b.connect(dead)
print("sent", send(), "recv", recv(), "recv", recv())
print("sent", send(), "send", send(), "send", send())
print("option", "REFUSED" if b.option("error") else "nothing", "recv", recv())
