import perlipc as ipc

ipc.mkfifo("f")
ipc.SIG["PIPE"] = lambda name: print("PIPE")
rw = ipc.open_fifo("f", "+<", text=True)
print(rw.write("kept\n"))
r = ipc.open_fifo("f", "<", text=True)
rw.close()
print(r.readline(), end="")
print("more" if r.readline() else "end")
rw = ipc.open_fifo("f", "+<", text=True)
rw.write("gone\n")
rw.close()
r.close()
rw = ipc.open_fifo("f", "+<")
print(f"readable={len(ipc.select([rw], timeout=0)[0])}")
w = ipc.open_fifo("f", ">", timeout=0, text=True)
w.autoflush = True
rw.close()
try:
    print(w.write("x"))
except BrokenPipeError:
    print("EPIPE=1")
r = ipc.open_fifo("f", "<", text=True)
print(w.write("yz"))
print(r.read1(9))
