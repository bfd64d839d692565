import perlipc as ipc

for name, text in ("a", "abcdefg"), ("e", ""), ("b", "123456"):
    with open(name, "w") as file:
        file.write(text)
files = ipc.argv(["a", "e", "printf xyz |", "b"], magic=True)
files.set_separator(3)
for record in files:
    print(f"{files.name} {files.lineno} [{record.decode()}]" + (" end" if files.eof() else ""))
