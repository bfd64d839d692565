import perlipc as ipc

for c in "exit 3", "umask", "shift", "exit 3;", "umask 022;":
    try:
        print(f"{c}: {ipc.system(c).code}")
    except FileNotFoundError:
        print(f"{c}: ENOENT=1")
try:
    ipc.qx("exit 3")
except FileNotFoundError:
    print("backticks: 0 status=-1")
