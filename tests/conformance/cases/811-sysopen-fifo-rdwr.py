import perlipc as ipc

ipc.mkfifo("f")
r = ipc.open_fifo("f", "+<", text=True)
for m in ("one", "two"):

    def write() -> int:
        with ipc.open_fifo("f", ">", text=True) as w:
            w.write(f"{m}\n")
        return 0

    ipc.fork(write).wait()
    print(r.readline(), end="")
try:
    r.readline(timeout=0.1)
except TimeoutError:
    print("readable=0")
r.close()
