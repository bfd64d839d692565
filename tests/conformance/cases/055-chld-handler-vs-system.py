import perlipc as ipc

r = []


def reaper(_):
    try:
        while (st := ipc.waitpid(-1, timeout=0)) is not None:
            r.append(st.code)
    except ChildProcessError:
        pass


ipc.SIG["CHLD"] = reaper
for command in "exit 3;", "exit 4;":
    s = ipc.system(command)
    print(f"ret={s.code} reaped=({' '.join(map(str, r))})")
