import perlipc as ipc

p = ipc.open("-|", ["sh", "-c", "echo from the command; exit 3"], text=True)
print(p.read(), end="")
st = p.close()
print(f"close={int(st.ok)} code={st.code}")
try:
    ipc.wait()
    print("left: 1")
except ChildProcessError:
    print("left: 0")
r, w = ipc.pipe(text=True)
kid = ipc.fork(w.write, "from the kid\n")
w.close()
print(r.read(), end="")
kid.wait()
