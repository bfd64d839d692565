import perlipc as ipc

f = ipc.open("-|", "exit 7;")
pid, st = ipc.wait()
print(f"wait same={int(pid == f.child.pid)} st={st.code}")
st = f.close()
print(f"close=[{'1' if st.ok else ''}] st={st.code}")
