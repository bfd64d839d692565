import perlipc as ipc

for raw in 0, 1:
    pty = ipc.open_pty(["sh", "-c", 'read l; echo "got $l"'], echo=not raw, crlf=not raw, raw=bool(raw), text=True)
    pty.write("hi\n")
    everything = pty.read()
    pty.close()
    print(f"raw={raw}", everything.replace("\r", "<CR>").replace("\n", "<LF>"))
