import perlipc as ipc

try:
    print(ipc.open("-|", ["printf", "[%s]", "a\0b", "c"]).read())
except ValueError as error:
    print(error)
