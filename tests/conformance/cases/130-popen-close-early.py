import perlipc as ipc

f = ipc.open("-|", "yes")
line = f.readline().decode()
st = f.close()
print(f"l={line}close=[{'1' if st.ok else ''}] $?={int(st)} errno=0")
