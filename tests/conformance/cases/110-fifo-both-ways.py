import perlipc as ipc

ipc.mkfifo("f")
h = ipc.open_fifo("f", "+<", text=True)
h.timeout = 30
h.write("self\n")
print(h.readline(), end="")
h.write("a")
h.write("b")
print(h.read(2))
h.write("z\n")
print("end" if h.eof() else "more")
print(h.readline(), end="")
h.write("one\n")
print(h.readline(), end="")
with ipc.open_fifo("f", ">", text=True) as w:
    w.write("two\n")
print(h.readline(), end="")
