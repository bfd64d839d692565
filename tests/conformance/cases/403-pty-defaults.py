import perlipc as ipc

pty = ipc.open_pty("cat", text=True)
pty.write("line\n")
pty.control("D")
everything = pty.read()
print(everything.replace("\r", "<CR>").replace("\n", "<LF>"), f"code={pty.close().code}")
