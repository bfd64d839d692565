import perlipc as ipc


def put(text: str) -> None:
    with ipc.open_fifo("f", ">", text=True) as w:
        w.write(text)


ipc.mkfifo("f")
keep = ipc.open_fifo("f", "+<")
r = ipc.open_fifo("f", "<", text=True)
put("one")
keep.close()
b = r.read1(9)
print(len(b), b)
print(len(r.read1(9)))
put("two")
b = r.read1(9)
print(len(b), b)
print("line" if r.readline() else "end")
put("three\n")
print("line" if r.readline() else "end")
r.close()
r = ipc.open_fifo("f", "<", keep=True, text=True)
for _ in range(2):
    put("kept\n")
    print(r.readline(), end="")
