import perlipc as ipc

f = ipc.open("printf 'H: 1\nI: 2\n\n\n\nbody\n\nmore\n' |", text=True)
f.separator = ""
print(f"[{f.readline()}]")
f.separator = "\n"
for line in f:
    print(f"[{line}]")
print(f.lineno)
f = ipc.open("printf 'a\n\n'; sleep 0.2; printf '\n\nbcdefg' |")
f.separator = b""
print(f"[{f.readline().decode()}]")
f.separator = 4
for record in f:
    print(f"[{record.decode()}]")
