import perlipc as ipc

try:
    ipc.open("-|", ["nosuch_xyz"])
except FileNotFoundError as e:
    print("error in the parent:", e.filename)
