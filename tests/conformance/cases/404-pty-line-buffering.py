import perlipc as ipc

tr = ["tr", "a-z", "A-Z"]
kid = ipc.open2(tr, text=True)
kid.writer.write("pipe\n")
print("pipe:", "at once" if ipc.select([kid.reader], timeout=0.4)[0] else "nothing yet")
kid.writer.close()
print("pipe:", kid.reader.read(), end="")
pty = ipc.open_pty(tr, text=True)
pty.write("tty\n")
print("pty:", "at once" if ipc.select([pty], timeout=5)[0] else "nothing yet")
print("pty:", pty.readline(), end="")
pty.child.kill("TERM")
pty.close()
