import perlipc as ipc

pty = ipc.open_pty(["echo", "hi"], crlf=True)
o = ""
while b := pty.read1(1024):
    o += b.decode()
print(f"eof {len(b)}")
print(o.replace("\r\n", "<CRLF>"))
pty.close()
