import perlipc as ipc

for n in "ab":
    with open(n, "w") as o:
        o.write(f"{n}-one\n{n}-two")
lines = [line.replace("\n", "N") for line in ipc.argv(["a", "b"], text=True)]
print(f"{len(lines)}: {'|'.join(lines)}")
argv = ipc.argv(["a", "b"], text=True)
records = []
for record in argv:
    records.append(record.replace("\n", "N"))
    if len(records) == 1:
        argv.set_separator("-")
print("|".join(records))
