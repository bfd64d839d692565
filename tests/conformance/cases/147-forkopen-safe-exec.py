import perlipc as ipc

k = ipc.open("-|", ["printf", "[%s]", "a b", "$HOME", "*", "new\nline", '"q"', ""])
print(k.read().decode())
k.close()
