import perlipc as ipc

f = ipc.open("echo out; exit 3|")
print(1 if f.child.pid > 0 else 0, end=" ")
print(*(line.decode() for line in f), sep="", end="")
st = f.close()
print(f"close=[{'1' if st.ok else ''}] st={int(st)} errno=0")
f = ipc.open("echo ok;|")
f.readline()
st = f.close()
print(f"close=[{'1' if st.ok else ''}] st={int(st)}")
