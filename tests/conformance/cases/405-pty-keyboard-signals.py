import perlipc as ipc

for key in "C", "\\", "D":
    pty = ipc.open_pty(["sh", "-c", "ulimit -c 0; stty -echo; echo ready; exec cat"], text=True)
    pty.readline()
    pty.control(key)
    st = pty.child.wait()
    print(f"^{key} signal={int(st) & 127} code={int(st) >> 8}")
