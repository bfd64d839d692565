import perlipc as ipc

try:
    ipc.open3(["nosuch_xyz", "a", "b"])
except OSError as error:
    print(f"0 errno={error.errno} msg=open3: {error}")
try:
    print(f"wait={ipc.wait(0)[0]}")
except ChildProcessError:
    print("wait=-1")
try:
    ipc.open3(["/tmp"])
except OSError as error:
    print(f"open3: {error}")
