import perlipc as ipc

f = ipc.open("-|", "exit 3;")
f.read()
for time in "first", "second":
    st = f.close()
    print(f"{time}: {int(st.ok)} code={st.code}")
