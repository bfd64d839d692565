import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
for command in "nosuch_xyz", ["nosuch_xyz", "a"]:
    try:
        ipc.system(command)
    except OSError as e:
        print(-1, e.errno, "$?=-1" if command == "nosuch_xyz" else "", sep=" ", end="\n")
print(ipc.system("nosuch_xyz;").code)
print(int(ipc.system("exit 5;")))
print(int(ipc.system(["sh", "-c", "kill -9 $$"])))
print(int(ipc.system("true")))
print(int(ipc.system(["sh", "-c", "echo $0"], argv0="mysh")))
