import perlipc as ipc


def timeout(_):
    raise RuntimeError("timeout")


ipc.SIG["ALRM"] = timeout
f = ipc.open("-|", "sleep 1; exit 3")
ipc.alarm(0.5)
try:
    f.close()
except RuntimeError as e:
    print(f"err={e}")
st = f.close()
print(f"close again=[{'1' if st.ok else ''}] st={st.code}")
try:
    print(ipc.waitpid(f.child.pid))
except ChildProcessError:
    print("nothing to reap by hand")
