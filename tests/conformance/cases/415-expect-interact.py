import perlipc as ipc

e = ipc.open_pty(["sh", "-c", 'while read l; do echo "got $l"; done'], text=True)
a, b = ipc.socketpair()


def person():
    for line in b"one\n", b"two\n":
        b.write(line)
        print("seen:", b.readline().decode(), end="", flush=True)
    b.write(b"\x18")


p = ipc.fork(person)
b.close()
e.interact("\x18", stdin=a, stdout=a)
print("back")
e.sendline("three")
e.expect("got three", timeout=5)
print("still there")
p.wait()
