import os

import perlipc as ipc


def rd(h) -> int:
    return len(ipc.select([h], timeout=0)[0])


def wr(h) -> int:
    return len(ipc.select([], [h], timeout=0)[1])


ipc.mkfifo("f")
r = ipc.adopt(os.open("f", os.O_RDONLY | os.O_NONBLOCK), text=True)
print("nobody yet", rd(r))
w = ipc.open_fifo("f", ">", text=True)
w.autoflush = True
print("a writer", rd(r))
w.write("ab")
print("its bytes", rd(r))
print(r.read1(9), rd(r))
w2 = ipc.open_fifo("f", ">")
w.close()
print("one of two gone", rd(r))
w2.close()
print("both gone", rd(r))
rw = ipc.open_fifo("f", "+<")
print(f"both ways {rd(r)}{rd(rw)}{wr(rw)}")
os.set_blocking(rw.fileno(), False)
n = 0
try:
    while True:
        n += os.write(rw.fileno(), b"x" * 4096)
except BlockingIOError:
    print("full at", n, wr(rw))
os.read(rw.fileno(), 4095)
print("4095 read", wr(rw))
os.read(rw.fileno(), 1)
print("4096 read", wr(rw))
