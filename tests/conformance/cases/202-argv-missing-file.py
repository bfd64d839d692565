import perlipc as ipc

with open("ok", "w") as o:
    o.write("data\n")
for line in ipc.argv(["nofile", "ok", "alsono"], text=True):
    print(line, end="")
print("end")
