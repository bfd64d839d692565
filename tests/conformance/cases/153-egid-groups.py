import perlipc as ipc

show = ["awk", '/^Gid/ {g = $3} /^Groups/ {$1 = ""; print g $0}', "/proc/self/status"]
print(ipc.qx(show, group="100", groups=[100, 101]).decode().strip())
print(ipc.qx(show, user="65534", group="65534").decode().strip())
