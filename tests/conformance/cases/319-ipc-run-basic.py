import perlipc as ipc

ran = ipc.capture(["sort"], b"b\na\n")
print(int(ran.ok), "|".join(ran.stdout.decode().split()))
print(int(ipc.pipeline(["printf", r"x\ny\nz\n"], ["wc", "-l"]).stdout))
ran = ipc.capture(["sh", "-c", "exit 3"], b"")
print(int(ran.ok), ran.status.code)
try:
    ipc.qx(["sleep", "5"], timeout=1)
except ipc.CommandTimeout as error:
    print(type(error).__name__)
try:
    ipc.system(["nosuch_xyz"])
except FileNotFoundError as error:
    print(f"Command '{error.filename}' not found")
h = ipc.open2(["cat"], text=True)
h.writer.write("ping\n")
print(h.reader.readline(), end="")
print(h.communicate().status.code)
