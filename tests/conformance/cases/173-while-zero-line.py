import perlipc as ipc

with ipc.open("-|", r'printf "1\n0"') as f:
    print(len(list(f)))
