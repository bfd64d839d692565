import perlipc as ipc


def reads(stream):
    return f"'{stream.read1(9).decode()}'"


def writes(stream, data):
    try:
        return stream.write(data)
    except BrokenPipeError:
        return "EPIPE"


a, b = ipc.socketpair()
a.shutdown("read")
print("1 reads", reads(a), "peer writes", writes(b, b"x"), "writes", writes(a, b"y"), "peer reads", reads(b))
a, b = ipc.socketpair()
b.write(b"early")
a.shutdown("read")
print("1 reads", reads(a), "then", reads(a))
a, b = ipc.socketpair()
a.shutdown("write")
a.shutdown("write")
print("11 writes", writes(a, b"x"), "peer reads", reads(b), "peer writes", writes(b, b"zz"), "reads", reads(a))
a, b = ipc.socketpair()
a.shutdown("both")
print("1 reads", reads(a), "writes", writes(a, b"x"), "peer reads", reads(b), "peer writes", writes(b, b"x"))
a, b = ipc.socketpair()
a.shutdown()
b.shutdown()
print("11 reads", reads(a), "peer reads", reads(b), "connected", int(a.peer == ""))
