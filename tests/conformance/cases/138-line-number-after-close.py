import perlipc as ipc

f = ipc.open("-|", r'printf "a\nb\nc"')
f.readline()
print(f.lineno, end=" ")
lines = f.readlines()
print(f.lineno, len(lines))
f.close()
print(f.lineno)
f = ipc.open("-|", "echo x")
f.readline()
print(f.lineno)
f.close()
