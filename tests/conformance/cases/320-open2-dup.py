import perlipc as ipc

try:
    ipc.open2("cat; exit 3", stdout="inherit")
except ValueError as error:
    print(error)
kid = ipc.open3("cat; exit 3", stdout="inherit", stderr="inherit")
kid.writer.write(b"direct\n")
print(kid.close().code)
try:
    ipc.open3("echo inherited; exit 4", stdin="inherit", stdout="inherit", stderr="inherit")
except ValueError as error:
    print(error)
print(ipc.start("echo inherited; exit 4").wait().code)
