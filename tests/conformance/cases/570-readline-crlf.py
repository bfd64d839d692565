import perlipc as ipc


def chomp(line, separator):
    chomped = line.removesuffix(separator)
    return chomped, len(line) - len(chomped)


a, b = ipc.socketpair()
a.write(b"one\r\ntwo\r\n")
a.shutdown()
line, _ = chomp(b.readline(), b.separator)
print(len(line), end=" ")
b.separator = b"\r\n"
line, n = chomp(b.readline(), b.separator)
print(len(line), "chomped", n)
