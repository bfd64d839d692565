import shutil

import perlipc as ipc

print(f"{int(shutil.which('sh') is not None)}{int(shutil.which('nosuch_xyz') is not None)}")
ran = ipc.capture(["sh", "-c", "echo o; echo e >&2"], text=True)
print(f"{int(ran.ok)} out={ran.stdout} err={ran.stderr}", end="")
ran = ipc.capture(["sh", "-c", "exit 3"])
print(f"{int(ran.ok)} value 3: {int(ran.status.code == 3)}")
ran = ipc.capture("sleep 5", timeout=1)
print(f"{int(ran.ok)} timed out: {int(ran.timed_out)}")
