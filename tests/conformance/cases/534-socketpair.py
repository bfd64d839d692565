import perlipc as ipc

a, b = ipc.socketpair()


def kid():
    a.close()
    b.write(b"kid heard " + b.readline())


p = ipc.fork(kid)
b.close()
a.write(b"hello\n")
print(a.readline().decode(), end="")
print("more" if a.readline() else "end")
print(f"code={p.wait().code}")
