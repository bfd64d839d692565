import perlipc as ipc

ipc.mkfifo("f")


def read() -> int:
    ipc.open_fifo("f", "<").close()
    return 0


p = ipc.fork(read)
w = ipc.open_fifo("f", ">")
p.wait()
ipc.SIG["PIPE"] = lambda name: print(name)
try:
    w.write(b"x")
    w.flush()
except BrokenPipeError:
    print("undef EPIPE=1")
w.close()
