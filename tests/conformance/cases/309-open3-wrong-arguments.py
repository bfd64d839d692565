import perlipc as ipc

for call in (
    lambda: ipc.open3(),
    lambda: ipc.open3([]),
    lambda: ipc.open2(""),
    lambda: ipc.open3("-", stdin="null"),
):
    try:
        call()
        print("started")
    except (TypeError, ValueError):
        print("refused")
try:
    print("children left:", ipc.wait())
except ChildProcessError:
    print("children left: -1")
