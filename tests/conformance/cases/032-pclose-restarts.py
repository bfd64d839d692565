import perlipc as ipc

g = 0


def handler(_):
    global g
    g += 1


z = ipc.fork(lambda: 37)
ipc.SIG["ALRM"] = handler
f = ipc.open("-|", "sleep 2; exit 13")
ipc.alarm(1)
st = f.close()
print(f"r=[{'1' if st.ok else ''}] st={int(st)} errno=0 g={g}")
pid, st = ipc.wait()
print(f"other same={int(pid == z.pid)} st={int(st)}")
