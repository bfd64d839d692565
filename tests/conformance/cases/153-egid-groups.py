import perlipc as ipc

show = ["sh", "-c", "echo $(id -g) $(id -G | sed 's/^[0-9]* *//')"]
print(ipc.qx(show, group="100", groups=[100, 101]).decode(), end="")
print(ipc.qx(show, user="65534", group="65534").decode(), end="")
