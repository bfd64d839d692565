import perlipc as ipc

got = None


def reaper(_):
    global got
    try:
        while (st := ipc.waitpid(-1, timeout=0)) is not None:
            got = st.code
    except ChildProcessError:
        pass


ipc.SIG["CHLD"] = reaper
f = ipc.open("-|", "echo x; exit 6")
lines = list(f)
ipc.sleep(0.5)
st = f.close()
print(f"close=[{'1' if st.ok else ''}] $?={st.code} reaper saw {got}")
