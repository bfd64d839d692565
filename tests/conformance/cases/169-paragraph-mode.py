import perlipc as ipc

with open("d", "w") as o:
    o.write("\n\n\na\nb\n\n\n\nc\n")


def show(records):
    records = [r.decode().replace("\n", "N") for r in records]
    print(f"{len(records)}: {'|'.join(records)}")


for separator in b"", b"\n\n":
    with ipc.open("-|", ["cat", "d"]) as f:
        f.separator = separator
        show(f)
with ipc.open("-|", r'printf "x\n\n"; sleep 0.3; printf "\n\ny\n"') as f:
    f.separator = b""
    show(f)
