import perlipc as ipc

with ipc.open("-|", 'printf "oneEN"; sleep 0.2; printf "DtwoENDthree"') as f:
    f.separator = b"END"
    for line in f:
        cut = line.removesuffix(b"END")
        print(f.lineno, len(line) - len(cut), cut.decode())
