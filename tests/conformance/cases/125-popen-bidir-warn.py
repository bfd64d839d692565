import perlipc as ipc

try:
    ipc.open("|cat >out|")
except OSError as e:
    print(e)
except ValueError as e:
    print(e)
