import perlipc as ipc

f = ipc.open("-|", "exit 7;")
print(f"st={ipc.waitpid(f.child.pid).code}")
st = f.close()
print(f"r=[{'1' if st.ok else ''}] st={st.code}")
