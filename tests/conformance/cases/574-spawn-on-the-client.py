import os
import sys

import perlipc as ipc

l = ipc.tcp_listen("127.0.0.1", 0)


def pair():
    return ipc.tcp_connect("127.0.0.1", l.port), l.accept()


def spawn(client, code):
    def on_the_client():
        os.dup2(client.fileno(), 0)
        os.dup2(client.fileno(), 1)
        return code()

    return ipc.fork(on_the_client)


def answer():
    print("you said", sys.stdin.readline(), end="")
    print("bye")
    return 7


def missing():
    try:
        ipc.exec("/no/such")
    except FileNotFoundError:
        return 127


c, k = pair()
p = spawn(k, answer)
k.close()
c.write(b"hello\n")
print(c.read().decode(), end="")
print(p.wait().code)
c, k = pair()
p = spawn(k, lambda: ipc.exec(["tr", "a-z", "A-Z"]))
k.close()
c.write(b"loud\n")
c.shutdown()
print(c.read().decode(), end="")
print(int(p.wait()))
c, k = pair()
p = spawn(k, missing)
k.close()
print("data" if c.readline() else "end")
print(p.wait().code)
c, k = pair()
c.close()
p = ipc.start("yes", stdin=k, stdout=k)
k.close()
print("died of", int(p.wait()) & 127)
