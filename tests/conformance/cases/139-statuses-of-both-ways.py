import perlipc as ipc


def both(status):
    """The exit code and the signal of a status."""
    return int(status) >> 8, int(status) & 127


for c in "exit 3;", "exit 256;", "kill -9 $$", "kill -TERM $$; exit 2", "nosuchcmd_x 2>/dev/null", "(exit 7)", "true":
    print(f"{c}:", *both(ipc.capture(c).status), end=" ")
    f = ipc.open("-|", c)
    f.readlines()
    status = f.close()
    print(int(status.ok), *both(status))
for c in "exit 3;", "kill -15 $$", "cat >/dev/null":
    print(f"to {c}:", *both(ipc.open("|-", c).close()))
print(both(ipc.system("exit 2;"))[0], int(ipc.system(["sh", "-c", "kill -9 $$"])), both(ipc.system("true && false"))[0])
