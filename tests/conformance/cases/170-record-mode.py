import perlipc as ipc

with ipc.open("-|", "printf abc; sleep 0.2; printf defgh") as f:
    f.separator = 5
    print(*(r.decode() for r in f))
    for bad in 0, -1, []:
        try:
            f.separator = bad
        except (ValueError, TypeError, OSError, OverflowError):
            print("refused")
