import perlipc as ipc

watch = 'stty -echo -onlcr; trap "echo WINCH; stty size; exit 0" WINCH; stty size; while :; do sleep 0.05; done'
pty = ipc.open_pty(["sh", "-c", watch], rows=30, cols=100, text=True)
print("at first:", pty.readline(), end="")
pty.resize(40, 120)
print("then:", pty.readline(), end="")
print("now:", pty.readline(), end="")
pty.close()
